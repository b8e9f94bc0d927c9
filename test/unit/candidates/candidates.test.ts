import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { findCopies } from '../../../src/inference/candidates/copier.ts';
import type { Evidence } from '../../../src/inference/candidates/evidence.ts';
import { confidenceOf, passesGate } from '../../../src/inference/candidates/gate.ts';
import { refusalsFor } from '../../../src/inference/candidates/refusal.ts';

const copies = (prefix: string, suffix = '', neighbors: string[] = []) =>
  findCopies({ prefix, suffix, neighbors: neighbors.map((text) => ({ languageId: 'typescript', text })) });

describe('copier', () => {
  it('finds what followed the same words above, nearest first', () => {
    const found = copies('log.info("one");\nlog.info("two");\nlog.in');
    assert.deepEqual(
      found.map((copy) => copy.text),
      ['fo("two");', 'fo("one");'],
    );
  });

  it('finds it below the cursor and in other files', () => {
    assert.deepEqual(copies('return ok', '\nif (x) return okay;\n')[0]?.text, 'ay;');
    assert.deepEqual(copies('return ok', '', ['return okay(1);\n'])[0]?.text, 'ay(1);');
  });

  it('reports how much of the text before agrees', () => {
    const [copy] = copies('alpha beta gamma\nalpha beta ');
    assert.deepEqual(copy, { text: 'gamma', matchLength: 11 });
  });

  it('offers nothing on a blank line', () => {
    assert.deepEqual(copies('  foo();\n  foo();\n  '), []);
  });

  it('offers only text that really stands after the same tail somewhere', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', '('), maxLength: 200 });
    fc.assert(
      fc.property(text, text, text, (prefix, suffix, neighbor) => {
        for (const copy of copies(prefix, suffix, [neighbor])) {
          const evidence = prefix.slice(prefix.length - Math.min(3, copy.matchLength)) + copy.text;
          assert.ok(
            [prefix, suffix, neighbor].some((place) => place.includes(evidence)),
            evidence,
          );
          assert.ok(copy.matchLength >= 3 && !copy.text.includes('\n') && copy.text.trim() !== '');
        }
      }),
    );
  });
});

const refuse = (prefix: string, suffix: string, text: string, flaw: Evidence['flaw'] = null) =>
  refusalsFor({ prefix, suffix })({ text, source: 'model', reading: null, matchLength: 0, flaw });

describe('refusal', () => {
  it('names what is wrong', () => {
    assert.equal(refuse('const a = ', '\n', '  '), 'nothing-to-complete');
    assert.equal(refuse('f(', ')\n', ')'), 'nothing-to-complete');
    assert.equal(refuse('x = ', '\n', 'NOT NOT', 'repetition'), 'repetition');
    assert.equal(refuse('  ret', '\n\n  return 1;\n', 'urn 1;'), 'duplicates-suffix');
    assert.equal(refuse('f(a', '\n', ']'), 'unbalanced-bracket');
    assert.equal(refuse('f(a', '\n', ', b)'), null);
  });
});

describe('gate', () => {
  const evidence = { text: 'x', source: 'model', matchLength: 0, flaw: null } as const;

  it('trusts a likely line more than an unlikely one, and a longer match more than a shorter one', () => {
    const likely = confidenceOf({ ...evidence, reading: { logProbability: -0.2, tokens: 4 } });
    const unlikely = confidenceOf({ ...evidence, reading: { logProbability: -9, tokens: 4 } });
    assert.ok(likely > unlikely);
    assert.ok(passesGate(likely, 'automatic') && !passesGate(unlikely, 'automatic'));
    const long = confidenceOf({ ...evidence, source: 'copied', reading: null, matchLength: 30 });
    const short = confidenceOf({ ...evidence, source: 'copied', reading: null, matchLength: 3 });
    assert.ok(long > short);
  });

  it('opens wider for a person who asked', () => {
    assert.ok(passesGate(0.1, 'invoked') && !passesGate(0.1, 'automatic'));
  });
});
