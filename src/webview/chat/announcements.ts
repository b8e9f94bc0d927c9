/** Between two announcements of an answer that is being written, in milliseconds. */
export const ANNOUNCE_INTERVAL_MS = 3_000;

/** How much of `text` is whole sentences or lines, in UTF-16 units. */
export function wholeSentences(text: string): number {
  let length = 0;
  for (const { index, 0: end } of text.matchAll(/[.!?…。！？]+["”»')\]]*\s|\n/gu))
    length = index + end.length;
  return length;
}

/** Markdown as it is said: without its marks. */
export function spoken(markdown: string): string {
  return markdown
    .replaceAll(/^\s*(?:`{3,}|~{3,}).*$/gmu, '')
    .replaceAll(/^\s*(?:#{1,6}|>|[-+*])\s+/gmu, '')
    .replaceAll(/[*`]/gu, '')
    .replaceAll(/\s+/gu, ' ')
    .trim();
}
