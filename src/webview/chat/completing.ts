/** What is being written at the cursor and can be completed. */
export interface Completing {
  readonly kind: 'command' | 'attachment';
  /** What was written of it. */
  readonly query: string;
  /** Where its sign stands, and where it ends: at the cursor. */
  readonly start: number;
  readonly end: number;
}

/** A command stands at the start of a question; a `#` anywhere at the start of a word. Null: nothing of both. */
export function completingAt(text: string, cursor: number): Completing | null {
  const before = text.slice(0, cursor);
  const command = /^\s*\/([a-z]*)$/u.exec(before);
  if (command !== null) {
    const query = command[1] ?? '';
    return { kind: 'command', query, start: cursor - query.length - 1, end: cursor };
  }
  const attachment = /(?:^|\s)#([^\s#]{0,100})$/u.exec(before);
  if (attachment === null) return null;
  const query = attachment[1] ?? '';
  return { kind: 'attachment', query, start: cursor - query.length - 1, end: cursor };
}

/** `text` with `replacement` for what is being completed, and the cursor behind it. */
export function completed(
  text: string,
  { start, end }: Completing,
  replacement: string,
): { readonly text: string; readonly cursor: number } {
  return {
    text: text.slice(0, start) + replacement + text.slice(end),
    cursor: start + replacement.length,
  };
}
