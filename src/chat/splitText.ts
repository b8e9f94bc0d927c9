import type { ChatEngine } from './chatEngine.ts';
import { countEach, countOne } from './countEach.ts';
import { unitsOf } from './textUnits.ts';

/** A part is not cut shorter than this share of its limit only to end at a better place. */
const LEAST_SHARE = 0.5;
/** Characters that surely fit; a token is one byte at worst, a UTF-16 unit three. */
const BYTES_PER_UNIT = 3;

/**
 * Cuts `text` into parts of at most `maxTokens` tokens that together are `text`. A part ends before a heading or a
 * declaration that is not indented, else at an empty line, else at a line with little indentation. Lines stay whole
 * where they fit.
 */
export async function splitText(
  engine: Pick<ChatEngine, 'countTokens'>,
  text: string,
  maxTokens: number,
): Promise<string[]> {
  const units = unitsOf(text, Math.max(1, Math.min(2_000, Math.floor(maxTokens / BYTES_PER_UNIT))));
  const counts = await countEach(engine, units);
  const parts: string[] = [];
  for (let from = 0; from < units.length;) {
    let to = endOfPart(units, counts, from, maxTokens);
    // Tokens of a text may be more than those of its lines together.
    while (to - from > 1 && (await countOne(engine, units.slice(from, to).join(''))) > maxTokens) {
      to = from + Math.ceil((to - from) / 2);
    }
    parts.push(units.slice(from, to).join(''));
    from = to;
  }
  return parts;
}

function endOfPart(
  units: readonly string[],
  counts: readonly number[],
  from: number,
  maxTokens: number,
): number {
  let sum = 0;
  let end = from;
  let best = -1;
  let bestRank = -1;
  while (end < units.length) {
    sum += counts[end] ?? 0;
    if (sum > maxTokens && end > from) break;
    end++;
    const rank = rankOfBorder(units[end - 1] ?? '', units[end] ?? '');
    if (sum >= maxTokens * LEAST_SHARE && rank >= bestRank) [best, bestRank] = [end, rank];
  }
  return end === units.length || best < 0 ? end : best;
}

/** How good a place between two lines is; 0–4. */
function rankOfBorder(before: string, after: string): number {
  if (!before.endsWith('\n')) return 0;
  const isBlank = before.trim() === '';
  if (/^#{1,6} /u.test(after)) return 5;
  if (isBlank) return /^[\p{L}@/_$"'<[(]/u.test(after) ? 4 : 3;
  return /^\S/u.test(after) && !/^[)\]}]/u.test(after) ? 2 : 1;
}
