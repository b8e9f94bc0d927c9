import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { codeBlockOf, codeBlocks, isCodeBlock } from '../../../src/text/markdown.ts';
import {
  markdownDocument,
  type Block,
  type MarkdownDocument,
} from '../../../src/webview/markdown/document.ts';
import { decidedLength } from '../../../src/webview/markdown/heldBack.ts';
import { markdownText } from '../../support/markdownText.ts';

const arrival = fc.record({ text: markdownText, size: fc.integer({ min: 1, max: 30 }) });

/** The documents that are shown while `text` arrives in pieces of `size` characters. */
function* written(text: string, size: number): Generator<MarkdownDocument> {
  let document: MarkdownDocument | null = null;
  for (let end = size; end - size < text.length; end += size) {
    document = markdownDocument(document, text.slice(0, end), true);
    yield document;
  }
}

/** What stands in a block, but for where its links lead. */
function content({ source, tokens, firstCode }: Block): unknown {
  return { source, firstCode, tokens: tokens.map(({ type, content: text, info }) => [type, text, info]) };
}

function shown(text: string): string {
  return text.slice(0, decidedLength(text));
}

describe('a Markdown document that is still being written', () => {
  it('never changes what it has frozen', () => {
    fc.assert(
      fc.property(arrival, ({ text, size }) => {
        const whole = markdownDocument(null, text, false);
        for (const { blocks, frozenBlocks } of written(text, size)) {
          const frozen = blocks.slice(0, frozenBlocks).map(content);
          assert.deepEqual(frozen, whole.blocks.slice(0, frozenBlocks).map(content));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('keeps a frozen block itself, so that nobody looks at it again', () => {
    const text = '# One\n\nTwo\n\n```ts\nthree\n```\n\nFour\n\nFive';
    const [first, ...later] = [...written(text, 1)];
    let known = first;
    for (const document of later) {
      for (const [index, block] of (known?.blocks ?? []).slice(0, known?.frozenBlocks).entries())
        assert.equal(document.blocks[index], block);
      known = document;
    }
    assert.equal(known?.frozenBlocks, 3, 'what is above the last whole line');
  });

  it('is at its end what it would be at once', () => {
    fc.assert(
      fc.property(arrival, ({ text, size }) => {
        const last = [...written(text, size)].at(-1) ?? null;
        assert.deepEqual(markdownDocument(last, text, false), markdownDocument(null, text, false));
      }),
    );
  });

  it('starts anew when the text is another one', () => {
    const before = markdownDocument(null, 'One\n\nTwo\n\nThree', true);
    const after = markdownDocument(before, 'Eins\n\nZwei', true);
    assert.deepEqual(
      after.blocks.map(({ source }) => source),
      ['Eins\n', 'Zwei'],
    );
  });

  it('numbers code blocks as the extension does', () => {
    fc.assert(
      fc.property(arrival, ({ text, size }) => {
        for (const document of [...written(text, size), markdownDocument(null, text, false)]) {
          const expected = codeBlocks(document.isStreaming ? shown(document.text) : document.text);
          const blocks = document.blocks.flatMap(({ tokens }) => tokens.filter(isCodeBlock).map(codeBlockOf));
          assert.deepEqual(blocks, expected);
          const counts = document.blocks.map(({ tokens }) => tokens.filter(isCodeBlock).length);
          let above = 0;
          for (const [index, { firstCode }] of document.blocks.entries()) {
            assert.equal(firstCode, above);
            above += counts[index] ?? 0;
          }
        }
      }),
    );
  });

  it('is not parsed again for every character of a long block', () => {
    const text = `\`\`\`\n${'x'.repeat(50_000)}`;
    let parses = 0;
    let known: MarkdownDocument | null = null;
    for (let end = 0; end < text.length; end += 10) {
      const document = markdownDocument(known, text.slice(0, end), true);
      if (document !== known) parses++;
      known = document;
    }
    assert.ok(parses < 2_000, `${parses} times`);
  });
});

describe('what is held back of a text', () => {
  /** `▮` is where the shown part ends. */
  const cases: readonly (readonly [name: string, text: string])[] = [
    ['a fence that may become inline code', 'Text\n▮``'],
    ['a fence and its language', 'Text\n▮```typescr'],
    ['a fence that closes', '```\ncode\n▮``'],
    ['a fence in a list', '- a\n▮  ```'],
    ['dashes that may be a heading, a rule or an item', 'Text\n▮-'],
    ['an underline', 'Text\n▮=='],
    ['stars that may be a rule, an item or emphasis', 'Text\n▮**'],
    ['the number of an item', '1. a\n▮2'],
    ['hashes that may be a heading', 'Text\n▮##'],
    ['a row', 'Text\n▮| a | b'],
    ['a head, until the line below it tells', 'Text\n▮| a | b |\n'],
    ['a head and what is below it', 'Text\n▮| a | b |\n|--'],
  ];
  for (const [name, text] of cases)
    it(`is ${name}`, () =>
      assert.equal(`${shown(text.replace('▮', ''))}▮`, text.slice(0, text.indexOf('▮') + 1)));

  it('is nothing of what can only be what it is', () => {
    for (const text of [
      'Text',
      '# Heading',
      '- item',
      '**bold',
      '10 apples',
      '```code```',
      '```ts\n',
      '| a |\n|---|\n',
      '| a |\n|---|\n| 1 |\n',
      '| a |\nText',
      `|${'a'.repeat(1_000)}`,
    ])
      assert.equal(shown(text), text);
  });

  it('never takes back what was shown', () => {
    fc.assert(
      fc.property(markdownText, (source) => {
        const text = source.replaceAll(/\r\n?/g, '\n');
        let length = 0;
        for (let end = 0; end <= text.length; end++) {
          const next = decidedLength(text.slice(0, end));
          assert.ok(next >= length, `${JSON.stringify(text.slice(0, end))}: ${length} → ${next}`);
          length = next;
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
