/** Offsets in UTF-16 units, the end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Where `text`, which once stood at `offset`, stands in `document` now: still there, or at the nearest place that reads
 * the same, whatever the line ends. Null: nowhere.
 */
export function locate(document: string, text: string, offset: number): Span | null {
  if (text === '') return null;
  const wanted = document.includes('\r\n')
    ? text.replaceAll(/\r?\n/gu, '\r\n')
    : text.replaceAll('\r\n', '\n');
  if (document.startsWith(wanted, offset)) return { start: offset, end: offset + wanted.length };
  const before = document.lastIndexOf(wanted, offset);
  const after = document.indexOf(wanted, offset);
  const start = before < 0 || (after >= 0 && after - offset < offset - before) ? after : before;
  return start < 0 ? null : { start, end: start + wanted.length };
}
