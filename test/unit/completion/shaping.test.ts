import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { isClosing, shapeSuggestion } from '../../../src/completion/shaping.ts';

/** The cursor's line after accepting `text` at `▮` of `marked`, or why nothing is offered. */
function accept(marked: string, text: string): string {
  const [prefix = '', suffix = ''] = marked.split('▮');
  const shaped = shapeSuggestion(text, prefix, suffix);
  if (typeof shaped === 'string') return `(${shaped})`;
  return prefix + shaped.insertText + suffix.slice(shaped.replaceChars);
}

/** `▮` is the cursor. */
const accepted: readonly [marked: string, text: string, result: string][] = [
  ['call(▮)', 'a, b)', 'call(a, b)'],
  ['call(▮)', 'a, b', 'call(a, b)'],
  ['call(▮)', 'a, b);', 'call(a, b);'],
  ['call(▮);', 'a, b);', 'call(a, b);'],
  ['call(▮)', 'other(x)', 'call(other(x))'],
  ['call(▮)', 'other(x))', 'call(other(x))'],
  ['call([▮])', '1, 2])', 'call([1, 2])'],
  ['print("▮")', 'hello")', 'print("hello")'],
  ['print("▮")', 'hello', 'print("hello")'],
  ['print("▮")', 'a" + b + "c', 'print("a" + b + "c")'],
  ['print("▮")', ':)")', 'print(":)")'],
  ["x['▮']", "key']", "x['key']"],
  ['if (▮) {', 'a === b) {', 'if (a === b) {'],
  ['if (▮) {', 'a === b', 'if (a === b) {'],
  ['const a = { b▮ }', ': 1 }', 'const a = { b: 1 }'],
  ['  a, ▮)', 'b)', '  a, b)'],
  ['let x: Array<▮>', 'string>', 'let x: Array<string>'],
  ['let x: Array<▮>', 'Map<string, number>', 'let x: Array<Map<string, number>>'],
  ['call(▮)', '() => run(x)', 'call(() => run(x))'],
  ['[a, ▮],', 'b],', '[a, b],'],
  ['[a, ▮,', 'b', '[a, b,'],
  ["// don't call(▮)", 'it)', "// don't call(it)"],
  ["fn f<'a>(x: &'a str, ▮)", 'y: u8)', "fn f<'a>(x: &'a str, y: u8)"],
  ['return a▮ + c;', ' + b + c;', 'return a + b + c;'],
  ['return ▮ + c;', 'a + c', 'return a + c;'],
  ['▮  ', 'word', 'word  '],
  ['\tif ok {▮\n\t}', ' return', '\tif ok { return\n\t}'],
  ['▮', '    indented', '    indented'],
];

const refused: readonly [marked: string, text: string, reason: string][] = [
  ['call(▮)', '   ', 'blank'],
  ['a▮', '', 'blank'],
  ['a▮', '\nb', 'blank'],
  ['call(▮)', ')', 'changes-nothing'],
  ['a▮ + b;', ' + b;', 'changes-nothing'],
  ['a▮ + b;', 'xyz', 'disagrees-with-rest'],
  ['  ▮\n  return x;\n', 'return x;', 'repeats-next-line'],
  ['  ret▮\n\n  return x;\n', 'urn x;', 'repeats-next-line'],
  ['a▮', 'b\u0007', 'unprintable-characters'],
  ['a▮', 'b\uD83D', 'unprintable-characters'],
  ['a▮', 'b\u2028c', 'unprintable-characters'],
  ['a▮', 'b\u202Ec', 'hidden-characters'],
  ['a▮', 'b\u200Bc', 'hidden-characters'],
  ['a▮', 'b\u{E0041}c', 'hidden-characters'],
  ['a▮', 'b\uFE00\uFE01c', 'hidden-characters'],
];

describe('shaping', () => {
  for (const [marked, text, result] of accepted) {
    it(`accepts ${JSON.stringify(text)} at ${JSON.stringify(marked)}`, () => {
      assert.equal(accept(marked, text), result);
    });
  }

  for (const [marked, text, reason] of refused) {
    it(`refuses ${JSON.stringify(text)} at ${JSON.stringify(marked)}`, () => {
      assert.equal(accept(marked, text), `(${reason})`);
    });
  }

  it('keeps hidden characters that the document has already, and emoji sequences', () => {
    assert.equal(accept('// \u200F▮', 'abc\u200F'), '// \u200Fabc\u200F');
    assert.equal(accept('x = "▮"', '👩‍💻 ❤️"'), 'x = "👩‍💻 ❤️"');
  });

  it('allows the same line at another indentation below', () => {
    assert.equal(accept('    ▮\n}', '}'), '    }\n}');
  });

  it('takes the first line of a longer text', () => {
    assert.equal(accept('a▮', 'b\r\nc'), 'ab');
  });

  it('knows a rest that only closes', () => {
    for (const rest of ['', '  ', ')', '");', ') {', ']:', ' }', ',']) assert.ok(isClosing(rest), rest);
    for (const rest of ['x', ' + b', ');x', '.a', '(']) assert.ok(!isClosing(rest), rest);
  });
});

describe('accepting any suggestion in any document', function () {
  this.timeout(30_000);

  const unit = fc.constantFrom(
    ...'ab ()[]{}"\';,:\t<>\\é漢שا\u200F\u202E\uD83D\u0000'.split(''),
    '😀',
    'e\u0301',
  );
  const line = fc.string({ unit, maxLength: 24 });
  const suffix = fc
    .tuple(line, fc.array(line, { maxLength: 3 }))
    .map(([rest, below]) => [rest, ...below].join('\n'));

  it('leaves every byte but the replaced closers as it was', () => {
    fc.assert(
      fc.property(line, line, suffix, (prefix, text, after) => {
        const shaped = shapeSuggestion(text, prefix, after);
        if (typeof shaped === 'string') return;
        const replaced = after.slice(0, shaped.replaceChars);
        assert.ok(isClosing(replaced) && !replaced.includes('\n'));
        assert.ok(text.startsWith(shaped.insertText));
        for (const closer of replaced.replaceAll(/\s/g, '')) assert.ok(shaped.insertText.includes(closer));
      }),
      { numRuns: 2_000 },
    );
  });

  it('never adds a control, a half character or a hidden character that was not there', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), line, suffix, (text, prefix, after) => {
        const shaped = shapeSuggestion(text, prefix, after);
        if (typeof shaped === 'string') return;
        assert.doesNotMatch(shaped.insertText, /\p{Cs}|[^\P{Cc}\t]/u);
        for (const hidden of shaped.insertText.match(/[\u200B\u200E\u200F\u202A-\u202E\u2066-\u2069]/g) ??
          []) {
          assert.ok((prefix + after).includes(hidden));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('never doubles the brackets that the editor has closed', () => {
    const inner = fc.stringMatching(/^[a-z ,.]{1,12}$/).filter((value) => value.trim() !== '');
    const pairs = fc.array(fc.constantFrom('()', '[]', '{}'), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(inner, pairs, fc.nat(3), fc.constantFrom('', ';', ','), (text, open, closed, end) => {
        const openers = open.map((pair) => pair.charAt(0)).join('');
        const closers = open
          .map((pair) => pair.charAt(1))
          .toReversed()
          .join('');
        const suggestion = text + closers.slice(0, closed) + (closed >= closers.length ? end : '');
        const rest = closers + (closed >= closers.length ? end : '');
        assert.equal(accept(`f${openers}▮${rest}`, suggestion), `f${openers}${text}${rest}`);
      }),
      { numRuns: 1_000 },
    );
  });
});
