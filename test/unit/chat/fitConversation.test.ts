import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { answerQuestion } from '../../../src/chat/answerQuestion.ts';
import type { Message } from '../../../src/chat/conversation.ts';
import { fitConversation } from '../../../src/chat/fitConversation.ts';
import { commonLimit, fitQuestion } from '../../../src/chat/fitQuestion.ts';
import { SYSTEM_TEXT } from '../../../src/chat/instructions.ts';
import { questionText } from '../../../src/chat/questionText.ts';
import { answer, attachment, numberedLines, question } from './messages.ts';
import { scriptedModel, tokensOf, tokensOfRequest } from './scriptedModel.ts';

const silent = { onSent: () => undefined, onPart: () => undefined, onText: () => undefined };
const options = { sampling: { temperature: 0, topK: 1, topP: 1, seed: 0 }, thinking: false };

/** `count` questions, all but the last with their answers. */
function conversation(count: number, chars = 300): Message[] {
  return Array.from({ length: count }, (_, i) => [
    question(`${i} ${'q'.repeat(chars)}`),
    answer(`${i} ${'a'.repeat(chars)}`),
  ])
    .flat()
    .slice(0, -1);
}

describe('a conversation that fits', () => {
  it('goes to the model as it is', async () => {
    const { engine } = scriptedModel(8_192);
    const messages = conversation(5);
    const { turns, dropped, leftOut } = await fitConversation(engine, messages);
    assert.deepEqual(
      turns,
      messages.map(({ role, text }) => ({ role, text })),
    );
    assert.equal(dropped, 0);
    assert.deepEqual(leftOut, []);
  });

  it('leaves out a question that nothing was answered to', async () => {
    const { engine } = scriptedModel(8_192);
    const messages = [question('one'), answer(''), question('two'), answer('yes'), question('three')];
    const { turns } = await fitConversation(engine, messages);
    assert.deepEqual(
      turns.map(({ text }) => text),
      ['two', 'yes', 'three'],
    );
  });
});

describe('a conversation that is too long', () => {
  it('loses its oldest turns in pairs, never the last question', async () => {
    const { engine } = scriptedModel(2_048);
    const messages = conversation(30);
    const { turns, dropped, tokens, maxTokens } = await fitConversation(engine, messages);
    assert.ok(dropped > 0 && dropped % 2 === 0);
    assert.deepEqual(
      turns.map(({ text }) => text),
      messages.slice(dropped).map(({ text }) => text),
    );
    assert.ok(tokens <= maxTokens);
  });

  it('mostly begins as it did a turn before, so that the KV cache goes on', async () => {
    const { engine } = scriptedModel(2_048);
    const starts: number[] = [];
    for (let count = 1; count <= 40; count++) {
      starts.push((await fitConversation(engine, conversation(count))).dropped);
    }
    const moved = starts.filter((start, i) => i > 0 && start !== starts[i - 1]).length;
    assert.ok(moved >= 3 && moved <= 40 / 3, `the start moved ${moved} times in 40 turns`);
  });

  it('never sends more than the context holds, and the system text always whole', async () => {
    const kinds = fc.constantFrom('file', 'selection', 'definition', 'terminal', 'problems');
    const attached = fc.record({ kind: kinds, lines: fc.nat(400) });
    const turn = fc.record({ chars: fc.nat(900), attachments: fc.array(attached, { maxLength: 4 }) });
    const turns = fc.array(turn, { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(turns, fc.integer({ min: 1_024, max: 8_192 }), async (asked, context) => {
        const messages = asked.flatMap(({ chars, attachments }) => [
          question(
            'q'.repeat(chars + 1),
            attachments.map(({ kind, lines }, i) => attachment(kind, `${i}.ts`, numberedLines(lines))),
          ),
          answer('a'.repeat(chars + 1)),
        ]);
        const { engine, asked: requests } = scriptedModel(context);
        await answerQuestion(engine, messages.slice(0, -1), options, silent);
        const [request] = requests;
        assert.ok(request);
        assert.equal(request.system, SYSTEM_TEXT);
        assert.ok(tokensOfRequest(request) <= context);
        assert.ok(request.turns.at(-1)?.text.endsWith('q'.repeat((asked.at(-1)?.chars ?? 0) + 1)));
        assert.ok(request.turns.every(({ role }, i) => role === (i % 2 === 0 ? 'user' : 'model')));
      }),
      { numRuns: 60 },
    );
  });
});

describe('a question with long attachments', () => {
  const { engine } = scriptedModel(4_096);

  it('keeps the start and the end of each and says how many lines are missing', async () => {
    const asked = question('Why?', [attachment('file', 'long.ts', numberedLines(1_000))]);
    const { text, tokens, leftOut } = await fitQuestion(engine, asked, 500);
    const [missing] = leftOut;
    assert.equal(missing?.label, 'long.ts');
    assert.match(
      text,
      new RegExp(`line 1 of[^]*\n… ${missing?.lines} lines left out …\n[^]*line 1000 of`, 'u'),
    );
    assert.equal(text.match(/line \d+ of a long text\n/gu)?.length, 1_000 - (missing?.lines ?? 0));
    assert.ok(tokens <= 500 && tokens > 400);
  });

  it('gives up definitions first, the farthest before the nearest', async () => {
    const definitions = ['near', 'middle', 'far'].map((name) =>
      attachment('definition', name, numberedLines(20)),
    );
    const asked = question('Why?', [...definitions, attachment('selection', 'here', numberedLines(10))]);
    const whole = tokensOf(questionText(asked));
    const { text, leftOut } = await fitQuestion(engine, asked, whole - 10);
    assert.deepEqual(leftOut, [{ label: 'far', lines: null }]);
    assert.ok(text.includes('Definition from near') && text.includes('line 10 of'));
  });

  it('reads the same whenever it is asked again', async () => {
    const asked = question('Why?', [
      attachment('file', 'a', numberedLines(300)),
      attachment('terminal', 'b', numberedLines(300)),
    ]);
    const first = await fitQuestion(engine, asked, 700);
    assert.deepEqual(await fitQuestion(engine, asked, 700), first);
  });

  it('is refused when its own words are too long', async () => {
    await assert.rejects(fitQuestion(engine, question('why '.repeat(2_000)), 500), { code: 'bad-input' });
  });

  it('shares the room so that short ones stay whole', () => {
    assert.equal(commonLimit([10, 100, 100], 110), 50);
    assert.equal(commonLimit([10, 20], 40), Number.POSITIVE_INFINITY);
    fc.assert(
      fc.property(fc.array(fc.nat(1_000), { minLength: 1 }), fc.nat(5_000), (counts, room) => {
        const limit = commonLimit(counts, room);
        assert.ok(counts.reduce((sum, count) => sum + Math.min(count, limit), 0) <= room);
      }),
    );
  });
});
