import type { ChatEngine } from './chatEngine.ts';
import { SYSTEM_TEXT } from './instructions.ts';

/** The longest answer, where the context allows so much. */
const MAX_ANSWER_TOKENS = 2_048;
/** Of the context, for the answer. */
const ANSWER_SHARE = 0.25;
/** More than any template of the family spends on a turn's own control tokens. */
export const TURN_TOKENS = 16;

/** How the context is shared out, in tokens. */
export interface ChatBudget {
  /** For all turns together. */
  readonly turns: number;
  readonly answer: number;
}

export async function chatBudget(engine: ChatEngine): Promise<ChatBudget> {
  const [system = 0] = await engine.countTokens([SYSTEM_TEXT]);
  const answer = Math.max(1, Math.min(MAX_ANSWER_TOKENS, Math.floor(engine.contextTokens * ANSWER_SHARE)));
  return { answer, turns: Math.max(0, engine.contextTokens - answer - system - 2 * TURN_TOKENS) };
}
