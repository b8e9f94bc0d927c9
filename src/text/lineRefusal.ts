import { closesWrongBracket, openBrackets } from './brackets.ts';

export type LineRefusal = 'nothing-to-complete' | 'duplicates-suffix' | 'unbalanced-bracket';

/** Brackets opened further up than this hardly ever close on the cursor's line. */
const BRACKET_CHARS = 4_000;

/**
 * What makes the rest of a line worthless whoever wrote it and however likely it is.
 *
 * @returns a test for the lines of one request: the reason to refuse one, or null
 */
export function lineRefusalsFor(prefix: string, suffix: string): (text: string) => LineRefusal | null {
  const line = prefix.slice(prefix.lastIndexOf('\n') + 1);
  const [restOfLine = '', ...below] = suffix.split('\n');
  const nextLine = below.find((text) => text.trim() !== '')?.trim();
  const open = openBrackets(prefix.slice(-BRACKET_CHARS));

  return (text) => {
    const added = text.trim();
    if (added === '' || added === restOfLine.trim()) return 'nothing-to-complete';
    if ((line + text).trim() === nextLine) return 'duplicates-suffix';
    if (closesWrongBracket(open, text)) return 'unbalanced-bracket';
    return null;
  };
}
