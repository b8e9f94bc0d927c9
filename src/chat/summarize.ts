import { GemmaError } from '../protocol/errors.ts';
import type { ChatResult, Sampling } from '../protocol/engine.ts';
import { TURN_TOKENS } from './chatBudget.ts';
import type { ChatBudget } from './chatBudget.ts';
import type { ChatEngine } from './chatEngine.ts';
import { countOne } from './countEach.ts';
import { fenced } from './fences.ts';
import { mergeText, partText, SYSTEM_TEXT } from './instructions.ts';
import { shortenText } from './shortenText.ts';
import { splitText } from './splitText.ts';

/** The likeliest words: the same text gives the same summary. */
const sampling: Sampling = { temperature: 0, topK: 1, topP: 1, seed: 0 };
/** Of the room for turns, for the summary of one part: so each round leaves less than half of the text. */
const SUMMARY_SHARE = 0.2;
const MAX_SUMMARY_TOKENS = 256;
/** Below this a part and its summary say nothing. */
const LEAST_PART_TOKENS = 32;
/** Rounds in which a model may fail to make a text shorter before it is cut. */
const MAX_ROUNDS = 6;

export interface SummaryParams {
  readonly text: string;
  /** What the person wants of the whole; see instructions.ts. */
  readonly task: string;
  readonly budget: ChatBudget;
  readonly thinking?: boolean;
}

export interface SummaryListener {
  /** Part `part` of `parts`, from 1, in round `round`, from 1: later rounds read the summaries of the one before. */
  onPart(part: number, parts: number, round: number): void;
  /** Of the last summary alone. */
  onText(text: { readonly thought: string; readonly answer: string }): void;
}

/**
 * Summarizes a text of any length: its parts, then the summaries of them, until what is left fits into one question,
 * which is answered through `onText`. No question is longer than the budget.
 *
 * @throws GemmaError `cancelled`; `bad-input` when the context is too short for a part
 */
export async function summarize(
  engine: ChatEngine,
  { text, task, budget, thinking = false }: SummaryParams,
  listener: SummaryListener,
): Promise<ChatResult> {
  const ask = async (question: string, maxTokens: number): Promise<string> => {
    const params = { ...shared, turns: [{ role: 'user' as const, text: question }], maxTokens };
    return (await engine.chat(params, () => undefined)).answer.trim();
  };
  const room = budget.turns - TURN_TOKENS;
  let rest = text;
  let instruction = task;
  for (let round = 1; (await lengthOfQuestion(engine, rest, instruction)) > room; round++) {
    rest =
      round > MAX_ROUNDS
        ? await cutToFit(engine, rest, instruction, room)
        : await summarizeParts(engine, rest, room, ask, listener, round);
    instruction = mergeText(task);
  }
  const turns = [{ role: 'user' as const, text: questionOf(rest, instruction) }];
  const params = { ...shared, thinking, turns, maxTokens: budget.answer };
  return engine.chat(params, (piece) => listener.onText(piece));
}

const shared = { purpose: 'chat', system: SYSTEM_TEXT, prefill: '', thinking: false, sampling } as const;

async function summarizeParts(
  engine: ChatEngine,
  text: string,
  room: number,
  ask: (question: string, maxTokens: number) => Promise<string>,
  listener: SummaryListener,
  round: number,
): Promise<string> {
  // The numbers in the instruction may take some tokens more when they are long.
  const partRoom = room - (await countOne(engine, questionOf('', partText(999_999, 999_999))));
  if (partRoom < LEAST_PART_TOKENS) throw tooShort();
  const parts = await fittingParts(engine, text, partRoom, room);
  const maxTokens = Math.max(1, Math.min(MAX_SUMMARY_TOKENS, Math.floor(partRoom * SUMMARY_SHARE)));
  const summaries: string[] = [];
  for (const [i, part] of parts.entries()) {
    listener.onPart(i + 1, parts.length, round);
    summaries.push(await ask(questionOf(part, partText(i + 1, parts.length)), maxTokens));
  }
  return summaries.join('\n\n');
}

/** Parts whose questions fit: a fence grows with the fences inside, and seams may cost tokens. */
async function fittingParts(
  engine: ChatEngine,
  text: string,
  partRoom: number,
  room: number,
): Promise<string[]> {
  for (let most = partRoom; most >= LEAST_PART_TOKENS; most = Math.floor(most * 0.8)) {
    const parts = await splitText(engine, text, most);
    let fits = true;
    for (const [i, part] of parts.entries()) {
      fits &&= (await lengthOfQuestion(engine, part, partText(i + 1, parts.length))) <= room;
    }
    if (fits) return parts;
  }
  throw tooShort();
}

async function cutToFit(
  engine: ChatEngine,
  text: string,
  instruction: string,
  room: number,
): Promise<string> {
  for (let most = room; most >= LEAST_PART_TOKENS; most = Math.floor(most * 0.8)) {
    const cut = await shortenText(engine, text, most, 0.5);
    if ((await lengthOfQuestion(engine, cut.text, instruction)) <= room) return cut.text;
  }
  throw tooShort();
}

function questionOf(text: string, instruction: string): string {
  return `${fenced(text)}\n\n${instruction}`;
}

function lengthOfQuestion(engine: ChatEngine, text: string, instruction: string): Promise<number> {
  return countOne(engine, questionOf(text, instruction));
}

function tooShort(): GemmaError {
  return new GemmaError(
    'bad-input',
    'The context of this model is too short for a summary. Choose another model.',
  );
}
