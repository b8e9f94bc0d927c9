import { GemmaError } from '../protocol/errors.ts';
import { chatBudget, TURN_TOKENS } from './chatBudget.ts';
import type { ChatEngine, Turns } from './chatEngine.ts';
import type { Answer, Message, Question } from './conversation.ts';
import { countEach } from './countEach.ts';
import { fitQuestion } from './fitQuestion.ts';
import type { LeftOut } from './fitQuestion.ts';
import { questionText } from './questionText.ts';

/** What the model is shown of a conversation, and what not. */
export interface FittedConversation {
  readonly turns: Turns;
  /** Of all turns together, and how many there may be. */
  readonly tokens: number;
  readonly maxTokens: number;
  /** For the answer. */
  readonly answerTokens: number;
  /** Messages at the start that the model doesn't see. */
  readonly dropped: number;
  /** Of the last question. */
  readonly leftOut: readonly LeftOut[];
}

/** A question and its answer. */
interface Pair {
  readonly question: string;
  readonly answer: string;
  readonly tokens: number;
  /** Of the question alone. */
  readonly asked: number;
}

/**
 * When turns are dropped, so many are that this part of the room is taken: the start of the prompt then stays the same
 * for a while, and with it the KV cache.
 */
const KEPT_SHARE = 0.5;

/**
 * The turns that go to the model for the last question of `messages`. The oldest go first, in pairs; a question that
 * nothing was answered to is left out with its answer.
 *
 * @throws GemmaError `bad-input` when there is no question at the end or it doesn't fit; `cancelled`
 */
export async function fitConversation(
  engine: ChatEngine,
  messages: readonly Message[],
): Promise<FittedConversation> {
  const last = messages.at(-1);
  if (last?.role !== 'user') throw new GemmaError('bad-input', 'There is no question to answer.');
  const { turns: room, answer: answerTokens } = await chatBudget(engine);
  const asked = await fitQuestion(engine, last, room - TURN_TOKENS);
  const answered = pairsOf(messages);
  const pairs = await fitPairs(engine, answered, room);
  const tokensOfLast = asked.tokens + TURN_TOKENS;
  const first = firstKept(pairs, tokensOfLast, room);
  const kept = pairs.slice(first);
  const turns: Turns = kept.flatMap(({ question, answer }) => [
    { role: 'user' as const, text: question },
    { role: 'model' as const, text: answer },
  ]);
  return {
    turns: [...turns, { role: 'user', text: asked.text }],
    tokens: kept.reduce((sum, { tokens }) => sum + tokens, tokensOfLast),
    maxTokens: room,
    answerTokens,
    dropped: first * 2,
    leftOut: asked.leftOut,
  };
}

function pairsOf(messages: readonly Message[]): [Question, Answer][] {
  const pairs: [Question, Answer][] = [];
  for (const [i, question] of messages.entries()) {
    const answer = messages[i + 1];
    if (question.role !== 'user' || answer?.role !== 'model') continue;
    if (answer.text.trim() !== '') pairs.push([question, answer]);
  }
  return pairs;
}

/** Questions of the past as they were sent: whole, or fitted to the same room. */
async function fitPairs(
  engine: ChatEngine,
  pairs: readonly [Question, Answer][],
  room: number,
): Promise<Pair[]> {
  const questions = pairs.map(([question]) => questionText(question));
  const counts = await countEach(engine, [...questions, ...pairs.map(([, { text }]) => text)]);
  const fitted: Pair[] = [];
  for (const [i, [question, answer]] of pairs.entries()) {
    let asked = { text: questions[i] ?? '', tokens: counts[i] ?? 0 };
    if (asked.tokens > room - TURN_TOKENS) {
      asked = await fitQuestion(engine, question, room - TURN_TOKENS);
    }
    const tokens = asked.tokens + (counts[pairs.length + i] ?? 0) + 2 * TURN_TOKENS;
    fitted.push({ question: asked.text, answer: answer.text, tokens, asked: asked.tokens + TURN_TOKENS });
  }
  return fitted;
}

/**
 * Goes through the conversation as it came about, so that each question finds the start that the one before it had.
 */
function firstKept(pairs: readonly Pair[], tokensOfLast: number, room: number): number {
  let first = 0;
  let sum = 0;
  const makeRoom = (asked: number, count: number): void => {
    if (sum + asked <= room) return;
    const most = Math.min(room - asked, room * KEPT_SHARE);
    for (; sum > most && first < count; first++) sum -= pairs[first]?.tokens ?? 0;
  };
  for (const [i, { tokens, asked }] of pairs.entries()) {
    makeRoom(asked, i);
    sum += tokens;
  }
  makeRoom(tokensOfLast, pairs.length);
  return first;
}
