import { diffArrays } from 'diff';
import { linesOf } from './textUnits.ts';

/** `text` in the place of what stands between two offsets (UTF-16 units), both at the start of a line or the end. */
export interface Hunk {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Beyond this many different lines a comparison takes too long, and is of no use to anybody. */
const MAX_EDIT_LINES = 2_000;

/** The lines that differ, in order; applied together they make `after` of `before`. */
export function hunksOf(before: string, after: string): Hunk[] {
  if (before === after) return [];
  const changes = diffArrays(linesOf(before), linesOf(after), { maxEditLength: MAX_EDIT_LINES });
  if (changes === undefined) return [{ start: 0, end: before.length, text: after }];
  const hunks: Hunk[] = [];
  let offset = 0;
  let open: Hunk | null = null;
  for (const { added, removed, value } of changes) {
    const text = value.join('');
    if (added || removed) {
      open ??= { start: offset, end: offset, text: '' };
      if (removed) offset += text.length;
      open = { ...open, end: offset, text: open.text + (added ? text : '') };
    } else {
      if (open !== null) hunks.push(open);
      open = null;
      offset += text.length;
    }
  }
  if (open !== null) hunks.push(open);
  return hunks;
}

/** Whether `after` is `before` with changes, not a part of it or something else. */
export function keepsMostLines(before: string, after: string): boolean {
  const changed = hunksOf(before, after).reduce(
    (sum, { start, end }) => sum + linesOf(before.slice(start, end)).length,
    0,
  );
  return changed * 2 <= linesOf(before).length;
}
