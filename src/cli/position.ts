import { GemmaError } from '../protocol/errors.ts';

/** `FILE:LINE:COL`, 1-based as editors show it. */
export interface FilePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** @throws GemmaError `bad-input`; the file's own name may hold colons */
export function parsePosition(text: string): FilePosition {
  const [, file, line, column] = /^(.+):(\d{1,9}):(\d{1,9})$/s.exec(text) ?? [];
  if (file === undefined || Number(line) < 1 || Number(column) < 1) {
    throw new GemmaError('bad-input', `${text} is not FILE:LINE:COL with a line and a column from 1.`);
  }
  return { file, line: Number(line), column: Number(column) };
}

/**
 * 0-based line and UTF-16 units left of the cursor.
 *
 * @throws GemmaError `bad-input` when the text has no such place, or the column is inside a surrogate pair
 */
export function cursorIn(
  lines: readonly string[],
  { file, line, column }: FilePosition,
): { readonly line: number; readonly character: number } {
  const text = lines[line - 1];
  if (text === undefined)
    throw new GemmaError('bad-input', `${file} has ${lines.length} lines, not ${line}.`);
  const character = column - 1;
  if (character > text.length) {
    throw new GemmaError(
      'bad-input',
      `Line ${line} of ${file} has columns 1 to ${text.length + 1}, not ${column}.`,
    );
  }
  if (/^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(Math.max(0, character - 1), character + 1))) {
    throw new GemmaError('bad-input', `Column ${column} of line ${line} of ${file} is inside a character.`);
  }
  return { line: line - 1, character };
}
