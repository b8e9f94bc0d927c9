import { MAX_PREFIX_CHARS, MAX_SUFFIX_CHARS } from '../protocol/engine.ts';
import type { Cursor, TextLines } from './textLines.ts';

/** Text around the cursor as the engine wants it: line ends are \n, the prefix ends where the suffix begins. */
export interface CompletionWindow {
  readonly prefix: string;
  readonly suffix: string;
}

/** The window begins at a multiple of this many lines; the finer ones are for blocks of very long lines. */
const ANCHORS = [64, 8, 1] as const;

/** Where a single line outgrows the window, it is cut at a multiple of this. */
const LINE_ANCHOR = 4_096;

/** Of the cursor's own line. The rest of the suffix is for the lines below, so that they don't shift with it. */
const MAX_REST_CHARS = 2_000;

/**
 * The text around `offset` (UTF-16 units) of `text`, whose line ends may be \n, \r\n or \r. An offset inside a line
 * end or a surrogate pair counts as before it.
 *
 * @throws RangeError when `offset` is outside the text
 */
export function completionWindow(text: string, offset: number): CompletionWindow {
  if (!Number.isInteger(offset) || offset < 0 || offset > text.length) {
    throw new RangeError(`Offset ${offset} is outside a text of ${text.length} characters.`);
  }
  const insideLineEnd = text[offset - 1] === '\r' && text[offset] === '\n';
  const above = splitLines(text.slice(0, insideLineEnd ? offset - 1 : offset));
  const lines = splitLines(text);
  return windowAround(
    { lineCount: lines.length, lineText: (line) => lines[line] ?? '' },
    { line: above.length - 1, character: above.at(-1)?.length ?? 0 },
  );
}

/**
 * The text around `cursor`. The prefix begins at an anchor that stays where it is while text is typed and moves only
 * when the window would outgrow its limit: the front of the prompt stays the same, byte for byte.
 */
export function windowAround(lines: TextLines, cursor: Cursor): CompletionWindow {
  const text = lines.lineText(cursor.line);
  const character = cutsPair(text, cursor.character) ? cursor.character - 1 : cursor.character;
  return {
    prefix: prefixOf(lines, cursor.line, text.slice(0, character)),
    suffix: suffixOf(lines, cursor.line, text.slice(character)),
  };
}

function prefixOf(lines: TextLines, line: number, cursorLine: string): string {
  if (cursorLine.length > MAX_PREFIX_CHARS) {
    const cut = Math.ceil((cursorLine.length - MAX_PREFIX_CHARS) / LINE_ANCHOR) * LINE_ANCHOR;
    return cursorLine.slice(cutsPair(cursorLine, cut) ? cut + 1 : cut);
  }
  let first = line;
  let room = MAX_PREFIX_CHARS - cursorLine.length;
  while (first > 0) {
    room -= lines.lineText(first - 1).length + 1;
    if (room < 0) break;
    first--;
  }
  const starts = ANCHORS.map((anchor) => Math.ceil(first / anchor) * anchor);
  const start = starts.find((candidate) => candidate < line) ?? first;
  const above: string[] = [];
  for (let index = start; index < line; index++) above.push(lines.lineText(index));
  return [...above, cursorLine].join('\n');
}

/** Whole lines below the cursor's, as many as fit; none when the rest of the cursor's line had to be cut. */
function suffixOf(lines: TextLines, line: number, rest: string): string {
  if (rest.length > MAX_REST_CHARS) {
    return rest.slice(0, cutsPair(rest, MAX_REST_CHARS) ? MAX_REST_CHARS - 1 : MAX_REST_CHARS);
  }
  const below = [rest];
  let room = MAX_SUFFIX_CHARS - MAX_REST_CHARS;
  for (let index = line + 1; index < lines.lineCount; index++) {
    const text = lines.lineText(index);
    room -= text.length + 1;
    if (room < 0) break;
    below.push(text);
  }
  return below.join('\n');
}

/** At most `maxChars` of whole lines around `line`: half of them may stand above it. */
export function textAround(lines: TextLines, line: number, maxChars: number): string {
  const middle = Math.min(Math.max(0, line), lines.lineCount - 1);
  let first = middle;
  for (let room = maxChars / 2; first > 0; first--) {
    room -= lines.lineText(first - 1).length + 1;
    if (room < 0) break;
  }
  const texts: string[] = [];
  let room = maxChars;
  for (let index = first; index < lines.lineCount; index++) {
    const text = lines.lineText(index);
    room -= text.length + 1;
    if (room < 0) break;
    texts.push(text);
  }
  return texts.join('\n');
}

/** Whether a cut at `index` would separate the halves of a surrogate pair. */
function cutsPair(text: string, index: number): boolean {
  return /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(Math.max(0, index - 1), index + 1));
}

function splitLines(text: string): string[] {
  return text.split(/\r\n|\r|\n/);
}
