import type { ChatEngine } from './chatEngine.ts';
import { countEach, countOne } from './countEach.ts';
import { unitsOf } from './textUnits.ts';

/** More tokens than the line takes that says what was left out. */
const NOTE_TOKENS = 24;

export interface Shortened {
  readonly text: string;
  /** Lines that are not in it. */
  readonly leftOut: number;
}

/**
 * `text` in at most `maxTokens` tokens, cut at line borders. A line in it says how many others were left out.
 *
 * @param head which part of what is kept comes from the start (0–1); the rest comes from the end
 */
export async function shortenText(
  engine: Pick<ChatEngine, 'countTokens'>,
  text: string,
  maxTokens: number,
  head: number,
): Promise<Shortened> {
  const lines = unitsOf(text);
  const counts = await countEach(engine, lines);
  if (counts.reduce((sum, tokens) => sum + tokens, 0) <= maxTokens) return { text, leftOut: 0 };
  // Tokens of a text may be more than those of its lines together: then less is kept.
  for (let room = maxTokens - NOTE_TOKENS; room > 0; room = Math.floor(room * 0.9)) {
    const first = fitting(counts, room * head);
    const last = fitting(counts.slice(first).toReversed(), room - sumOf(counts.slice(0, first)));
    const kept = cutOut(lines, first, last);
    if ((await countOne(engine, kept.text)) <= maxTokens) return kept;
  }
  return { ...cutOut(lines, 0, 0), text: '' };
}

/** How many of the first fit into `room`. */
function fitting(counts: readonly number[], room: number): number {
  let sum = 0;
  const first = counts.findIndex((tokens) => (sum += tokens) > room);
  return first < 0 ? counts.length : first;
}

function cutOut(lines: readonly string[], first: number, last: number): Shortened {
  const middle = lines.slice(first, lines.length - last);
  const leftOut = middle.length;
  const before = lines.slice(0, first).join('');
  const after = lines.slice(lines.length - last).join('');
  const border = before === '' || before.endsWith('\n') ? '' : '\n';
  return { text: `${before}${border}… ${leftOut} lines left out …\n${after}`, leftOut };
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, tokens) => sum + tokens, 0);
}
