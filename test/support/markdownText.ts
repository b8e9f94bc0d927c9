import * as fc from 'fast-check';

const MARKS = [
  '# ',
  '### ',
  '> ',
  '- ',
  '* ',
  '1. ',
  '12) ',
  '- [ ] ',
  '- [x] ',
  '  ',
  '    ',
  '\t',
  '```',
  '```ts\n',
  '~~~',
  '````',
  '`',
  '**',
  '*',
  '_',
  '~~',
  '| ',
  ' | ',
  '|---|---|\n',
  '|:-:|\n',
  '---\n',
  '===\n',
  '***\n',
  '[',
  '](',
  ')',
  '![',
  '<',
  '>',
  '](https://a.example/b "c")',
  '[a]',
  '[a]: https://a.example/\n',
  '<https://a.example>',
  '\\',
  '&amp;',
  '&#x202E;',
  '  \n',
  '\r\n',
  '\r',
  '\u202E',
  '\u200B',
  '<b>',
  '👍🏽',
];

const WORDS = ['a', 'word', 'const x = 1;', 'def f():', '{', '}', ' ', '1', '.', 'é', 'שלום', '"', "'"];

/** Text that is full of Markdown, most of it broken. */
export const markdownText = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...MARKS) },
      { weight: 4, arbitrary: fc.constantFrom(...WORDS) },
      { weight: 3, arbitrary: fc.constantFrom('\n', '\n', '\n\n') },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 5 }) },
    ),
    { maxLength: 60 },
  )
  .map((pieces) => pieces.join(''));
