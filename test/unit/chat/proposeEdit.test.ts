import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { hunksOf } from '../../../src/chat/hunks.ts';
import { locate } from '../../../src/chat/locate.ts';
import { proposeEdit } from '../../../src/chat/proposeEdit.ts';
import { numberedLines } from './messages.ts';
import { linesOf } from '../../../src/chat/textUnits.ts';

function proposes(original: string, answer: string, text: string): void {
  assert.deepEqual(proposeEdit(original, answer), { kind: 'edit', text });
}

function applied(before: string, after: string): string {
  return hunksOf(before, after).reduceRight(
    (text, hunk) => text.slice(0, hunk.start) + hunk.text + text.slice(hunk.end),
    before,
  );
}

describe('an edit that a model proposes', () => {
  it('is the code block, whatever is said around it', () => {
    proposes('a();\n', 'Sure! Here it is:\n\n```ts\nb();\n```\nI renamed it.', 'b();\n');
    proposes('a();\n', '~~~\nb();\n~~~', 'b();\n');
  });

  it('is the longest block when there are several', () => {
    proposes('a();\n', '```\na\n```\nbecomes\n```\nlonger();\n```', 'longer();\n');
  });

  it('is taken without a fence, and with one that was never closed', () => {
    proposes('a();\n', 'b();', 'b();\n');
    proposes('a();\n', 'Here is the code:\nb();', 'b();\n');
    proposes('a();\n', '```ts\nb();\nc();', 'b();\nc();\n');
    proposes('def f():\n', 'def g():', 'def g():\n');
  });

  it('keeps fences that belong to the text', () => {
    const original = 'Run:\n```\nnpm test\n```\n';
    const changed = 'Now run:\n```\nnpm start\n```\n';
    proposes(original, `\`\`\`markdown\n${changed}\`\`\``, changed);
    proposes(original, `\`\`\`\`md\n${changed}\`\`\`\``, changed);
  });

  it('gets the indentation of what it replaces', () => {
    proposes('    a();\n', '```\nif (x) {\n  a();\n}\n```', '    if (x) {\n      a();\n    }\n');
    proposes('\t\ta();\n\tb();\n', '```\n    a(1);\nb();\n```', '\t\ta(1);\n\tb();\n');
    proposes('\t/**\n\t * A.\n\t */\n', '```\n/**\n * B.\n */\n```', '\t/**\n\t * B.\n\t */\n');
  });

  it('has the line ends, the empty lines around and the byte order mark of the original', () => {
    proposes('\r\na();\r\nb();\r\n\r\n', '```\n\n\na();\nc();\n```', '\r\na();\r\nc();\r\n\r\n');
    proposes('\uFEFFa();', '```\nb();\n```', '\uFEFFb();');
  });

  it('is none without code, without a change, and with characters that nobody sees', () => {
    assert.deepEqual(proposeEdit('a\n', '```\n```'), { kind: 'none', reason: 'no-code' });
    assert.deepEqual(proposeEdit('a\n', ' \n'), { kind: 'none', reason: 'no-code' });
    assert.deepEqual(proposeEdit('  a\n', '```\na\n```'), { kind: 'none', reason: 'unchanged' });
    assert.deepEqual(proposeEdit('a\n', '```\na\u202E\n```'), { kind: 'none', reason: 'hidden' });
  });

  it('of the same code changes nothing, whatever its bytes are', () => {
    const line = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.constantFrom('\tx', '  y', '', ' * z', '😀', '\u00a0w'),
    );
    const lineEnd = fc.constantFrom('\n', '\r\n');
    fc.assert(
      fc.property(fc.array(line), lineEnd, fc.boolean(), (lines, end, ends) => {
        const clean = lines.map((text) => text.replaceAll(/[\r\n`~]/gu, '').trimEnd());
        const original = clean.join(end) + (ends ? end : '');
        const answer = `\`\`\`\n${original.replaceAll('\r\n', '\n')}\n\`\`\``;
        assert.equal(proposeEdit(original, answer).kind, 'none');
      }),
      { numRuns: 500 },
    );
  });
});

describe('the lines that differ', () => {
  const text = fc
    .array(fc.tuple(fc.constantFrom('a', 'b', '\tc', '😀', '', '\uFEFFd'), fc.constantFrom('\n', '\r\n')))
    .map((lines) => lines.flat().join(''));

  it('make one text of the other, and nothing else is touched', () => {
    fc.assert(
      fc.property(text, text, fc.boolean(), (before, afterLines, cut) => {
        const after = cut ? afterLines.trimEnd() : afterLines;
        assert.equal(applied(before, after), after);
        let last = -1;
        for (const { start, end } of hunksOf(before, after)) {
          assert.ok(start > last && end >= start);
          assert.ok(start === 0 || before[start - 1] === '\n');
          last = end;
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('are apart where an unchanged line lies between', () => {
    assert.deepEqual(hunksOf('a\nb\nc\n', 'x\nb\ny\n'), [
      { start: 0, end: 2, text: 'x\n' },
      { start: 4, end: 6, text: 'y\n' },
    ]);
    assert.deepEqual(hunksOf('a\r\nb', 'a\r\nb'), []);
    assert.deepEqual(hunksOf('', 'a\n'), [{ start: 0, end: 0, text: 'a\n' }]);
  });

  it('are found soon, however much differs', function () {
    this.timeout(5_000);
    assert.equal(applied(numberedLines(10_000, 'a'), numberedLines(10_000, 'b')), numberedLines(10_000, 'b'));
  });
});

describe('a text that was sent', () => {
  it('is found where it stood, where it moved to, and nowhere when it is gone', () => {
    assert.deepEqual(locate('a\nb\na\n', 'a\n', 4), { start: 4, end: 6 });
    assert.deepEqual(locate('x\na\n', 'a\n', 0), { start: 2, end: 4 });
    assert.deepEqual(locate('a\nx\nx\na\nx\n', 'a\n', 5), { start: 6, end: 8 });
    assert.equal(locate('b\n', 'a\n', 0), null);
    assert.equal(locate('b\n', '', 0), null);
  });

  it('is found with other line ends', () => {
    assert.deepEqual(locate('x\r\na\r\nb\r\n', 'a\nb\n', 0), { start: 3, end: 9 });
    assert.deepEqual(locate('a\nb\n', 'a\r\nb\r\n', 0), { start: 0, end: 4 });
  });

  it('is what stands at the place found', () => {
    const lines = fc.array(fc.constantFrom('a\n', 'b\n', '😀\n'), { minLength: 1 });
    fc.assert(
      fc.property(lines, fc.nat(), fc.nat(), fc.nat(), (all, from, count, offset) => {
        const document = all.join('');
        const wanted = linesOf(document)
          .slice(from % all.length)
          .slice(0, (count % all.length) + 1)
          .join('');
        const found = locate(document, wanted, offset % (document.length + 1));
        assert.equal(found && document.slice(found.start, found.end), wanted);
      }),
    );
  });
});
