import type { CompleteParams } from '../../protocol/engine.ts';

/** The rest of a line that followed the same text somewhere else. */
export interface CopiedCandidate {
  readonly text: string;
  /** How many characters before the cursor also stand before the place it was copied from. */
  readonly matchLength: number;
}

/** Tail lengths looked for, longest first. A tail under 3 characters matches anything. */
const TAIL_LENGTHS = [40, 24, 14, 9, 6, 4, 3];
const PLACES_PER_TAIL = 3;
const MAX_CANDIDATES = 6;
const MAX_MATCH = 64;
const MAX_COPY_CHARS = 160;

/**
 * Completes by copying: code repeats itself, so what followed the same characters before is a good guess for what
 * follows now. Looks in the document before the cursor (nearest first), after it, and in the other open files.
 */
export function findCopies(
  request: Pick<CompleteParams, 'prefix' | 'suffix' | 'neighbors'>,
): CopiedCandidate[] {
  const { prefix, suffix } = request;
  // On a blank line there is nothing to match but the indent: what followed the line above is no evidence.
  if (prefix.slice(prefix.lastIndexOf('\n') + 1).trim() === '') return [];
  const texts = [suffix, ...request.neighbors.map((neighbor) => neighbor.text)];
  const found = new Map<string, number>();

  for (const length of TAIL_LENGTHS) {
    const tail = prefix.slice(-length);
    // A blank tail matches every indent.
    if (tail.length < length || tail.trim() === '') continue;
    const add = (text: string, end: number): void => {
      const copy = restOfLine(text, end);
      if (copy === '' || found.size >= MAX_CANDIDATES || found.has(copy)) return;
      found.set(copy, commonTail(prefix, prefix.length, text, end));
    };
    for (const at of lastPlaces(prefix, tail)) add(prefix, at + length);
    for (const text of texts) for (const at of firstPlaces(text, tail)) add(text, at + length);
  }
  return [...found].map(([text, matchLength]) => ({ text, matchLength }));
}

/** Where else `tail`, the end of `text`, stands in it, nearest first. */
function* lastPlaces(text: string, tail: string): Generator<number> {
  let at = text.length - tail.length;
  for (let place = 0; place < PLACES_PER_TAIL && at > 0; place++) {
    at = text.lastIndexOf(tail, at - 1);
    if (at < 0) return;
    yield at;
  }
}

function* firstPlaces(text: string, tail: string): Generator<number> {
  let at = -1;
  for (let place = 0; place < PLACES_PER_TAIL; place++) {
    at = text.indexOf(tail, at + 1);
    if (at < 0) return;
    yield at;
  }
}

function restOfLine(text: string, start: number): string {
  const end = text.indexOf('\n', start);
  const rest = text.slice(start, end < 0 ? text.length : end).trimEnd();
  return rest.length > MAX_COPY_CHARS || rest.trim() === '' ? '' : rest;
}

function commonTail(a: string, aEnd: number, b: string, bEnd: number): number {
  let length = 0;
  while (
    length < MAX_MATCH &&
    length < aEnd &&
    length < bEnd &&
    a[aEnd - 1 - length] === b[bEnd - 1 - length]
  )
    length++;
  return length;
}
