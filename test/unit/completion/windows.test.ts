import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { joinLines } from '../../../src/completion/textLines.ts';
import { completionWindow, textAround, windowAround } from '../../../src/completion/windows.ts';
import { MAX_PREFIX_CHARS, MAX_SUFFIX_CHARS } from '../../../src/protocol/engine.ts';

/** `▮` is the cursor. */
function windowAt(marked: string) {
  const offset = marked.indexOf('▮');
  return completionWindow(marked.replace('▮', ''), offset);
}

const numbered = (count: number) => Array.from({ length: count }, (_, line) => `line ${line} of the file`);

const lines = (texts: readonly string[]) => ({
  lineCount: texts.length,
  lineText: (line: number) => texts[line] ?? '',
});

describe('completion window', function () {
  this.timeout(30_000);

  it('splits a small file at the cursor', () => {
    assert.deepEqual(windowAt('one\ntwo ▮three\nfour\n'), { prefix: 'one\ntwo ', suffix: 'three\nfour\n' });
  });

  it('sends \\n for every kind of line end', () => {
    assert.deepEqual(windowAt('a\r\nb\rc\n▮d\r\ne'), { prefix: 'a\nb\nc\n', suffix: 'd\ne' });
  });

  it('takes an offset inside a line end or a character as before it', () => {
    assert.deepEqual(completionWindow('a\r\nb', 2), { prefix: 'a', suffix: '\nb' });
    assert.deepEqual(completionWindow('a😀b', 2), { prefix: 'a', suffix: '😀b' });
  });

  it('refuses an offset outside the text', () => {
    assert.throws(() => completionWindow('abc', 4), RangeError);
    assert.throws(() => completionWindow('abc', -1), RangeError);
    assert.throws(() => completionWindow('abc', 0.5), RangeError);
  });

  it('begins at a multiple of 64 lines and stays there while hundreds of characters are typed', () => {
    const above = `${numbered(3000).join('\n')}\n`;
    const starts = new Set<string>();
    let typed = '';
    for (let key = 0; key < 600; key++) {
      typed += key % 40 === 39 ? '\n' : 'x';
      const { prefix } = completionWindow(above + typed, above.length + typed.length);
      assert.ok(prefix.endsWith(typed));
      starts.add(prefix.slice(0, prefix.indexOf('\n')));
    }
    for (const start of starts) assert.equal(Number(/\d+/.exec(start)?.[0]) % 64, 0);
    assert.ok(starts.size <= 2, [...starts].join());
  });

  it('keeps the lines below the same while the rest of the cursor line changes', () => {
    const below = `\n${numbered(2000).join('\n')}`;
    const suffixAfter = (rest: string) => completionWindow(rest + below, 0).suffix;
    assert.equal(suffixAfter(')'), `)${suffixAfter('')}`);
    assert.equal(suffixAfter('x'.repeat(500)), 'x'.repeat(500) + suffixAfter(''));
  });

  it('reads no more lines than it can send', () => {
    let reads = 0;
    const lineText = (): string => {
      reads++;
      return 'a line of ordinary length in a file that has ten million of them';
    };
    windowAround({ lineCount: 10_000_000, lineText }, { line: 5_000_000, character: 10 });
    assert.ok(reads < 1000, `${reads}`);
  });

  it('stays within the limits and never cuts a character, whatever the text', () => {
    const unit = fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom('a', ' ', '😀', 'é', 'e\u0301', 'ש', '\t') },
      { weight: 1, arbitrary: fc.constantFrom('\n', '\r\n', '\r') },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 30_000 }).map((length) => '😀b'.repeat(length / 3)) },
    );
    const text = fc.array(unit, { maxLength: 60 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, fc.double({ min: 0, max: 1, noNaN: true }), (whole, where) => {
        const offset = Math.round(whole.length * where);
        const { prefix, suffix } = completionWindow(whole, offset);
        assert.ok(prefix.length <= MAX_PREFIX_CHARS && suffix.length <= MAX_SUFFIX_CHARS);
        assert.doesNotMatch(prefix + suffix, /\p{Cs}|\r/u);
        assert.ok(whole.replaceAll(/\r\n?/g, '\n').includes(prefix + suffix));
      }),
      { numRuns: 300 },
    );
  });
});

describe('text around a line', () => {
  it('is all of a small document', () => {
    assert.equal(textAround(lines(['a', 'b', 'c']), 1, 100), 'a\nb\nc');
  });

  it('is whole lines on both sides of the line in a large one', () => {
    assert.equal(textAround(lines(numbered(1000)), 500, 76), numbered(1000).slice(499, 502).join('\n'));
  });

  it('survives a line that is gone, and leaves out one that does not fit', () => {
    assert.equal(textAround(lines(['a', 'b']), 99, 100), 'a\nb');
    assert.equal(textAround(lines(['x'.repeat(200), 'b']), 0, 100), '');
    assert.equal(textAround(lines(['']), 0, 100), '');
  });
});

describe('joined texts', () => {
  it('are read as one, as the cells of a notebook are', () => {
    const joined = joinLines([lines(['import x', 'x.run()']), lines([]), lines(['y = x.', ''])]);
    assert.deepEqual(windowAround(joined, { line: 2, character: 6 }), {
      prefix: 'import x\nx.run()\ny = x.',
      suffix: '\n',
    });
  });
});
