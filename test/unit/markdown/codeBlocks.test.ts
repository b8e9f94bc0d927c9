import assert from 'node:assert/strict';
import { codeBlocks, parseMarkdown } from '../../../src/text/markdown.ts';

describe('the code blocks of a text', () => {
  it('are the fenced and the indented ones, wherever they are nested, from the top', () => {
    const text = [
      '```ts title="a.ts"',
      'const a = 1;',
      '',
      '```',
      '- item',
      '  ~~~',
      '  in a list',
      '  ~~~',
      '> ```py',
      '> in a quote',
      'outside',
      '',
      '    indented',
      '',
      '```',
      'never closed',
    ].join('\n');
    assert.deepEqual(codeBlocks(text), [
      { info: 'ts title="a.ts"', code: 'const a = 1;\n' },
      { info: '', code: 'in a list' },
      { info: 'py', code: 'in a quote' },
      { info: '', code: 'indented' },
      { info: '', code: 'never closed' },
    ]);
  });

  it('are not what stands in a line, and not what only looks like one', () => {
    assert.deepEqual(codeBlocks('`a` ```b``` \\`\\`\\`\n<pre>c</pre>\n   `` d ``'), []);
  });

  it('have the same ends of lines whatever the text has', () => {
    assert.deepEqual(codeBlocks('```\r\na\rb\r\n```'), [{ info: '', code: 'a\nb' }]);
  });

  it('are exactly as they were written, whatever they hold', () => {
    const code = '<b>&amp;</b> \u202E \\n \t${x}  ';
    assert.deepEqual(codeBlocks(`\`\`\`\n${code}\n\`\`\``), [{ info: '', code }]);
  });
});

/** Texts on which careless parsers take minutes, overflow the stack or fill the memory. */
const exhausting: Record<string, string> = {
  brackets: '['.repeat(20_000),
  images: '!['.repeat(10_000),
  'links in links': '[a]('.repeat(5_000),
  destinations: '[a](<b'.repeat(4_000),
  parentheses: `[a](${'('.repeat(20_000)})`,
  emphasis: '*a_ '.repeat(5_000),
  'strong emphasis': '**a __b '.repeat(3_000),
  strikethrough: '~~a'.repeat(7_000),
  backticks: Array.from({ length: 200 }, (_, length) => '`'.repeat(length)).join('a'),
  quotes: '>'.repeat(20_000),
  'quotes with lazy lines': `${'>'.repeat(5_000)}${'\na'.repeat(3_000)}`,
  lists: '- '.repeat(10_000),
  'indented lists': Array.from({ length: 300 }, (_, depth) => `${'  '.repeat(depth)}- a`).join('\n'),
  'a table of empty cells': `${'a|'.repeat(3_000)}\n${'-|'.repeat(3_000)}\n${'a|\n'.repeat(2_000)}`,
  definitions: '[a]: b\n'.repeat(3_000),
  'open labels': '[a\n'.repeat(7_000),
  'an open title': `[a]: b "${'c\n'.repeat(10_000)}`,
  comments: '<!--'.repeat(5_000),
  entities: '&amp'.repeat(5_000),
  backslashes: '\\'.repeat(20_000),
};

describe('a text that was made to exhaust the parser', () => {
  for (const [name, text] of Object.entries(exhausting)) {
    it(`is read nevertheless: ${name}`, function () {
      this.timeout(2_000);
      const { tokens } = parseMarkdown(text);
      codeBlocks(text);
      assert.ok(
        tokens.every(({ level }) => level <= 52),
        'a person may be able to see it',
      );
    });
  }
});
