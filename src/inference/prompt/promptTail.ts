import type { Tokenizer } from '../tokenizer/tokenizer.ts';

/** Tokens whose text is removed from the end of a prompt, to be generated anew under that text as a constraint. */
export interface HealedTail {
  /** The prompt's tokens without the tail. */
  readonly tokens: readonly number[];
  /** Text of the removed tokens; what is generated must begin with it. */
  readonly constraint: string;
}

/** A word rarely has more pieces before the cursor; each one costs a decode step. */
const MAX_HEALED_TOKENS = 3;

/**
 * Token healing: in "headerProtot" the last tokens are pieces a tokenizer would not choose inside the finished word,
 * so the model has never seen them there. The unfinished word (or the single space before the next one) goes back to
 * the model, which regenerates it in its own pieces.
 *
 * @param tokens ids of the text before the cursor, which ends with `line`
 * @param line the cursor's line up to the cursor
 */
export function healTail(tokenizer: Tokenizer, tokens: readonly number[], line: string): HealedTail {
  const unfinished = unfinishedTail(line);
  let length = tokens.length;
  let constraint = '';
  while (length > 0 && tokens.length - length < MAX_HEALED_TOKENS) {
    const longer = tokenizer.decode(tokens.slice(length - 1));
    // A byte token decodes to U+FFFD on its own; such a tail does not match and stays as it is.
    if (longer.length > unfinished.length || !unfinished.endsWith(longer)) break;
    length--;
    constraint = longer;
  }
  return { tokens: tokens.slice(0, length), constraint };
}

/** The unfinished word with the one space before it, or that space alone; longer runs of space are tokens of their own. */
function unfinishedTail(line: string): string {
  const match = /(?:(?<![ \t]) )?[\p{L}\p{N}_$]*$|(?<=[^\p{L}\p{N}_$\s])[^\p{L}\p{N}_$\s]$/u.exec(line);
  return match?.[0] ?? '';
}
