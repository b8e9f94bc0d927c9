import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { answerQuestion } from '../../../src/chat/answerQuestion.ts';
import type { ChatEngine } from '../../../src/chat/chatEngine.ts';
import { splitText } from '../../../src/chat/splitText.ts';
import { linesOf } from '../../../src/chat/textUnits.ts';
import { GemmaError } from '../../../src/protocol/errors.ts';
import { attachment, numberedLines, question } from './messages.ts';
import { scriptedModel, tokensOf, tokensOfRequest } from './scriptedModel.ts';

const options = { sampling: { temperature: 1, topK: 64, topP: 0.95, seed: 7 }, thinking: false };

async function summary(engine: ChatEngine, text: string) {
  const heard = { parts: [] as string[], text: '' };
  const messages = [question('/summarize', [attachment('file', 'book.md', text)])];
  const result = await answerQuestion(engine, messages, options, {
    onSent: () => undefined,
    onPart: (part, parts, round) => heard.parts.push(`${round}: ${part}/${parts}`),
    onText: ({ answer }) => (heard.text += answer),
  });
  return { ...heard, result };
}

function section(name: string, lines: number): string {
  return `## ${name}\n\n${numberedLines(lines, name)}\n`;
}

function code(name: string): string {
  return `function ${name}() {\n${'  work();\n\n'.repeat(9)}}\n\n`;
}

describe('a text that is cut into parts', () => {
  const { engine } = scriptedModel(8_192);

  it('is whole again when they are put together, and no part is too long', async () => {
    const line = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      fc.constantFrom('', '# Heading', 'function f() {', '  return 1;', '}', '\r', '😀'.repeat(500)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 200 }),
        fc.integer({ min: 8, max: 300 }),
        async (lines, most) => {
          const text = lines.join('\n');
          const parts = await splitText(engine, text, most);
          assert.equal(parts.join(''), text);
          assert.ok(parts.every((part) => tokensOf(part) <= most && !/\p{Cs}/u.test(part)));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('has every line in exactly one part, where lines fit', async () => {
    const text = numberedLines(500);
    const parts = await splitText(engine, text, 120);
    assert.ok(parts.length > 10);
    assert.deepEqual(parts.flatMap(linesOf), linesOf(text));
  });

  it('is cut before headings and declarations', async () => {
    const text = section('one', 12) + section('two', 12) + section('three', 12);
    const parts = await splitText(engine, text, tokensOf(section('three', 12)) + 30);
    assert.deepEqual(
      parts.map((part) => linesOf(part)[0]),
      ['## one\n', '## two\n', '## three\n'],
    );
    const [first, second] = await splitText(engine, code('a') + code('b'), tokensOf(code('a')) + 12);
    assert.deepEqual([first, second], [code('a'), code('b')]);
  });
});

describe('a summary', () => {
  it('of a short text is one question', async () => {
    const { engine, asked } = scriptedModel(8_192);
    const { parts } = await summary(engine, numberedLines(20));
    assert.equal(asked.length, 1);
    assert.deepEqual(parts, []);
  });

  it('of a long text reads all parts, then what it wrote about them', async () => {
    const { engine, asked } = scriptedModel(2_048, ({ turns }) =>
      turns[0]?.text.includes('This is part') ? '- a point' : 'The whole.',
    );
    const text = numberedLines(1_000);
    const { parts, text: shown, result } = await summary(engine, text);
    assert.equal(shown, 'The whole.');
    assert.equal(result.answer, 'The whole.');
    assert.equal(asked.length, parts.length + 1);
    assert.deepEqual(
      parts,
      parts.map((_, i) => `1: ${i + 1}/${parts.length}`),
    );
    const read = asked
      .slice(0, -1)
      .flatMap(({ turns }) => turns[0]?.text.match(/line \d+ of a long text\n/gu));
    assert.deepEqual(read, linesOf(text));
    assert.match(asked.at(-1)?.turns[0]?.text ?? '', /^```\n- a point\n\n- a point/u);
  });

  it('summarizes the summaries again until they fit, and never asks too much at once', async () => {
    for (const contextTokens of [1_024, 2_048, 8_192]) {
      const { engine, asked } = scriptedModel(contextTokens, ({ maxTokens }) =>
        'word '.repeat(maxTokens * 0.8),
      );
      const { parts } = await summary(engine, numberedLines(6_000));
      if (contextTokens === 1_024) assert.ok(parts.some((part) => part.startsWith('2:')));
      for (const request of asked) assert.ok(tokensOfRequest(request) <= contextTokens);
    }
  });

  it('comes to an end with a model that makes texts longer', async () => {
    const { engine, asked } = scriptedModel(1_024, () => 'blah blah\n'.repeat(400));
    await summary(engine, numberedLines(400));
    for (const request of asked) assert.ok(tokensOfRequest(request) <= 1_024);
  });

  it('is the same each time', async () => {
    const [first, second] = [1, 2].map(() =>
      scriptedModel(1_024, ({ turns }) => String(turns[0]?.text.length)),
    );
    assert.ok(first && second);
    await summary(first.engine, numberedLines(700));
    await summary(second.engine, numberedLines(700));
    assert.deepEqual(first.asked, second.asked);
  });

  it('ends where it is cancelled', async () => {
    const { engine, asked } = scriptedModel(1_024);
    const chat: ChatEngine['chat'] = (params, onText) => {
      if (asked.length === 3) throw new GemmaError('cancelled', 'Cancelled.');
      return engine.chat(params, onText);
    };
    await assert.rejects(summary({ ...engine, chat }, numberedLines(700)), { code: 'cancelled' });
    assert.equal(asked.length, 3);
  });
});
