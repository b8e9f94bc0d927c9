import { balanceOf } from './brackets.ts';
import { addsHiddenCharacters, isUnprintable } from '../text/hiddenCharacters.ts';

/** What to do when the suggestion is accepted: replace `replaceChars` right of the cursor by `insertText`. */
export interface ShapedText {
  readonly insertText: string;
  readonly replaceChars: number;
}

export type ShapeRefusal =
  | 'blank'
  | 'unprintable-characters'
  | 'hidden-characters'
  | 'repeats-next-line'
  | 'disagrees-with-rest'
  | 'changes-nothing';

/** Closing punctuation after which the rest of a line is over; editors insert most of it by themselves. */
const CLOSING = /^(\s*[)>}\]"'`]*)(\s*[:{;,]?\s*)$/;

/** Whether the rest of the line is nothing but closing punctuation, so that its real end is still to be written. */
export function isClosing(rest: string): boolean {
  return CLOSING.test(rest);
}

/**
 * Fits a suggested end of the line to what stands around the cursor: brackets and quotes that the editor has closed
 * already are not closed twice. Everything left of the cursor and all text that is not replaced stays as it is.
 *
 * @param text what should follow the cursor; only its first line counts
 */
export function shapeSuggestion(text: string, prefix: string, suffix: string): ShapedText | ShapeRefusal {
  const line = firstLine(text);
  const rest = firstLine(suffix);
  const linePrefix = prefix.slice(prefix.lastIndexOf('\n') + 1);
  if (line.trim() === '') return 'blank';
  if (isUnprintable(line)) return 'unprintable-characters';
  if (addsHiddenCharacters(line, prefix + suffix)) return 'hidden-characters';
  const shaped = isClosing(rest)
    ? { insertText: line, replaceChars: coveredClosing(linePrefix, line, rest) }
    : withoutOverlap(line, rest);
  if (shaped === null) return 'disagrees-with-rest';
  if (shaped.insertText === rest.slice(0, shaped.replaceChars)) return 'changes-nothing';
  const result = linePrefix + shaped.insertText + rest.slice(shaped.replaceChars);
  return isNextLine(result, suffix) ? 'repeats-next-line' : shaped;
}

/** How much of a closing `rest` the suggestion writes itself. */
function coveredClosing(linePrefix: string, line: string, rest: string): number {
  const [, closers = '', tail = ''] = CLOSING.exec(rest) ?? [];
  const covered = coveredClosers(linePrefix, line, closers);
  const ends = tail.trim() !== '' && line.trimEnd().endsWith(tail.trim());
  return covered === closers.length && ends ? rest.length : covered;
}

/**
 * The number of leading `closers` to replace so that the line is balanced best. A closer counts only when the
 * suggestion has it too, in order; when in doubt it stays.
 */
function coveredClosers(linePrefix: string, line: string, closers: string): number {
  const limit = lengthInOrder(closers, line);
  const angles = closers.includes('>');
  const best = (quotes: boolean): { count: number; openString: boolean } => {
    let [count, openString, least] = [0, false, Infinity];
    for (let candidate = 0; candidate <= limit; candidate++) {
      const balance = balanceOf(linePrefix + line + closers.slice(candidate), { quotes, angles });
      if (balance.imbalance < least) {
        [count, openString, least] = [candidate, balance.openString, balance.imbalance];
      }
    }
    return { count, openString };
  };
  const withQuotes = best(true);
  // A quote that never closes is no string: a lifetime, an apostrophe in a comment.
  return withQuotes.openString ? best(false).count : withQuotes.count;
}

/** Length of the longest beginning of `wanted` whose visible characters occur in `text` in order. */
function lengthInOrder(wanted: string, text: string): number {
  let from = 0;
  for (let index = 0; index < wanted.length; index++) {
    const char = wanted.charAt(index);
    if (char.trim() === '') continue;
    const found = text.indexOf(char, from);
    if (found < 0) return index;
    from = found + 1;
  }
  return wanted.length;
}

/** In the middle of a line: the suggestion up to where it meets the rest; null when it never does. */
function withoutOverlap(line: string, rest: string): ShapedText | null {
  for (let length = Math.min(line.length, rest.length); length > 0; length--) {
    const overlap = rest.slice(0, length);
    if (overlap.trim() !== '' && line.endsWith(overlap)) {
      return { insertText: line.slice(0, line.length - length), replaceChars: 0 };
    }
  }
  return null;
}

function isNextLine(result: string, suffix: string): boolean {
  const next = suffix
    .split('\n')
    .slice(1)
    .find((other) => other.trim() !== '');
  return next !== undefined && next.trimEnd() === result.trimEnd();
}

function firstLine(text: string): string {
  const end = text.search(/[\r\n]/);
  return end < 0 ? text : text.slice(0, end);
}
