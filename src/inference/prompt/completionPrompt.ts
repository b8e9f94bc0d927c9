import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { healTail } from './promptTail.ts';

export interface CompletionPrompt {
  readonly tokens: readonly number[];
  /** What generation must reproduce before it adds anything. */
  readonly constraint: string;
}

/** Room kept for the completion itself. */
export const RESERVED_TOKENS = 64;

/** Room kept for the cursor's own line, constant so that typing can't move the start of the window. */
const LINE_TOKENS = 128;

/** A prompt of `head` and as much of the text before the cursor as the context holds. */
export function promptEnd(
  tokenizer: Tokenizer,
  head: readonly number[],
  prefix: string,
  contextTokens: number,
): CompletionPrompt {
  const { tokens, constraint } = prefixWindow(
    tokenizer,
    prefix,
    contextTokens - RESERVED_TOKENS - head.length,
  );
  return { tokens: [...head, ...tokens], constraint };
}

/**
 * As much of the text before the cursor as fits `room` tokens. Its start stays while lines are typed, as long as
 * `room` does.
 */
export function prefixWindow(tokenizer: Tokenizer, prefix: string, room: number): CompletionPrompt {
  const lineStart = prefix.lastIndexOf('\n') + 1;
  const line = prefix.slice(lineStart);
  const above = stableTail(tokenizer, prefix.slice(0, lineStart), room - LINE_TOKENS);
  const { tokens, constraint } = healTail(tokenizer, tokenizer.encode(line).slice(-LINE_TOKENS), line);
  return { tokens: [...above, ...tokens], constraint };
}

/**
 * Ids of as many whole last lines of `text` as fit `room`, cut so that the first line moves rarely: when it must, it
 * moves by half of the room at once. A start that slid line by line would cost a full prefill at every new line.
 */
function stableTail(tokenizer: Tokenizer, text: string, room: number): number[] {
  // A run of line ends is one token, so it stays with the line it follows.
  const lines = text.split(/(?<=\n)(?!\n)/).map((line) => tokenizer.encode(line));
  const total = lines.reduce((sum, line) => sum + line.length, 0);
  const step = Math.max(1, room >> 1);
  let drop = Math.ceil(Math.max(0, total - room) / step) * step;
  const kept: number[] = [];
  for (const line of lines) {
    if (drop > 0) drop -= line.length;
    else kept.push(...line);
  }
  return kept;
}
