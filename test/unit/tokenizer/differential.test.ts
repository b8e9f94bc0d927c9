import assert from 'node:assert/strict';
import { pieceKind } from '../../../src/inference/tokenizer/pieceKind.ts';
import { multilingual, sourceFiles } from './corpus.ts';
import {
  committedFixture,
  committedTokenizers,
  fixture,
  oracle,
  shownPieces,
  trained,
  type Fixture,
} from './fixtures.ts';
import type { AddedTokenJson } from './syntheticTokenizer.ts';
import { controlNames, sample, texts } from './texts.ts';

/** Without control tokens: that the names of those stay text here is the one difference we want. */
const isText = (token: AddedTokenJson): boolean => pieceKind(token.content, token) === 'literal';

describe('Encoding equals @huggingface/tokenizers', () => {
  const files = sourceFiles();
  const lines = [...new Set(files.flatMap((text) => text.split(/(?<=\n)/)))];

  const wholeFiles = files.filter((text) => text.length < 20_000);

  it('on 70,000 generated strings', () => compare(trained(), sample(texts, 70_000))).timeout(60_000);

  it('on 50,000 different lines of real code and prose', () => {
    assert.ok(lines.length >= 50_000, `the corpus has only ${lines.length} lines`);
    compare(trained(), lines);
  }).timeout(60_000);

  it('on whole files', () => compare(trained(), wholeFiles)).timeout(60_000);

  it('on scripts without pieces of their own', () => compare(trained(), multilingual));

  it('on names of control tokens, given an oracle that has no added control tokens', () => {
    compare(
      trained(),
      controlNames.flatMap((name) => [name, `a${name}b`, `  ${name}\n${name}`]),
    );
  });

  it('on `▁` in the text, alone, in runs and beside spaces', () => {
    compare(trained(), [
      '\u2581',
      '\u2581\u2581',
      'a\u2581b',
      ' \u2581\u2581',
      '\u2581\u2581 ',
      'x\u2581\u2581\u2581\u2581y',
      '  \u2581',
    ]);
  });

  it('on lone surrogates', () => compare(trained(), ['\ud800', 'a\udc00b', '\udc00\ud800', '\ud83d \udc4b']));

  for (const file of committedTokenizers()) {
    it(`with ${file}`, () => {
      compare(committedFixture(file), [
        ...sample(texts, 10_000),
        ...multilingual,
        ...wholeFiles.slice(0, 100),
      ]);
    }).timeout(60_000);
  }
});

describe('Known differences from @huggingface/tokenizers', () => {
  it('names of control tokens in the text stay text', () => {
    const { json, tokenizer } = trained();
    const theirs = oracle(json, () => true);
    assert.deepEqual(theirs('<end_of_turn>'), [tokenizer.control('<end_of_turn>')]);
    assert.deepEqual(shownPieces(tokenizer, tokenizer.encode('<end_of_turn>')).join(''), '<end_of_turn>');
    assert.ok(tokenizer.encode('<end_of_turn>').length > 1);
  });

  it('a run of spaces is what the merges make of it, not what added token it happens to equal', () => {
    // The merges of a real file make every run that is a piece, so the difference needs a file without them.
    const json = structuredClone(trained().json);
    json.model.merges = json.model.merges.filter((merge) => merge.join('') !== '\u2581'.repeat(3));
    const { tokenizer } = fixture('without the merges to three spaces', json);
    const lengths = (ids: readonly number[]): number[] => ids.map((id) => tokenizer.bytes(id).length);
    const theirs = oracle(json, isText);
    assert.deepEqual(lengths(theirs('   ')), [3]);
    assert.deepEqual(lengths(theirs('   \n')), [3, 1]);
    assert.deepEqual(lengths(theirs('   =')), [2, 2]);
    assert.deepEqual(lengths(tokenizer.encode('   ')), [2, 1]);
    assert.deepEqual(lengths(tokenizer.encode('   \n')), [2, 1, 1]);
    assert.deepEqual(lengths(tokenizer.encode('   =')), [2, 2]);
  });

  it('a lone surrogate is U+FFFD, with a piece when U+FFFD has one', () => {
    const json = structuredClone(trained().json);
    const spare = Object.keys(json.model.vocab).find((piece) => /^\p{Script=Han}$/u.test(piece));
    assert.ok(spare !== undefined);
    json.model.vocab = Object.fromEntries(
      Object.entries(json.model.vocab).map(([piece, id]) => [piece === spare ? '\ufffd' : piece, id]),
    );
    json.model.merges = json.model.merges.filter((merge) => !merge.join('').includes(spare));
    const { tokenizer } = fixture('with a piece for U+FFFD', json);
    assert.deepEqual(tokenizer.encode('\ud800'), [json.model.vocab['\ufffd']]);
    assert.equal(oracle(json, isText)('\ud800').length, 3);
  });
});

function compare({ json, tokenizer }: Fixture, inputs: readonly string[]): void {
  const expected = oracle(json, isText);
  for (const text of inputs) assertSameIds(tokenizer.encode(text), expected(text), text);
}

function assertSameIds(actual: readonly number[], expected: readonly number[], text: string): void {
  if (actual.length === expected.length && actual.every((id, i) => id === expected[i])) return;
  assert.deepEqual(actual, expected, JSON.stringify(text));
}
