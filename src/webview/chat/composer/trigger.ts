/** What a person is choosing from a list while typing. */
export interface Trigger {
  readonly kind: 'command' | 'attachment';
  /** What follows the `/` or `#`. */
  readonly query: string;
  /** Where the `/` or `#` stands, in UTF-16 units. */
  readonly start: number;
}

/** As long as the extension takes one. */
const MAX_QUERY_CHARS = 200;

/** @param caret where the next character would be typed, in UTF-16 units */
export function triggerAt(text: string, caret: number): Trigger | null {
  const before = text.slice(0, caret);
  if (/^\/[a-z]*$/iu.test(before)) return { kind: 'command', query: before.slice(1), start: 0 };
  const query = /(?:^|\s)#(?<query>[^\s#]*)$/u.exec(before)?.groups?.['query'];
  if (query === undefined || query.length > MAX_QUERY_CHARS) return null;
  return { kind: 'attachment', query, start: caret - query.length - 1 };
}

/** `text` with what was typed for `trigger` replaced, and where the caret is then. */
export function replaceTrigger(
  text: string,
  { start, query }: Trigger,
  replacement: string,
): { text: string; caret: number } {
  const rest = text.slice(start + 1 + query.length);
  return { text: text.slice(0, start) + replacement + rest, caret: start + replacement.length };
}

/** `text` with a `#` typed at the caret that begins a word, and where the caret is then. */
export function beginAttachment(text: string, caret: number): { text: string; caret: number } {
  const before = text.slice(0, caret);
  const typed = /(?:^|\s)$/u.test(before) ? `${before}#` : `${before} #`;
  return { text: typed + text.slice(caret), caret: typed.length };
}
