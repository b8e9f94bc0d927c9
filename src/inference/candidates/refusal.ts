import type { CompleteParams, NoSuggestionReason } from '../../protocol/engine.ts';
import { closesWrongBracket, openBrackets } from '../sampling/brackets.ts';
import type { Evidence } from './evidence.ts';

/** Brackets opened further up than this hardly ever close on the cursor's line. */
const BRACKET_CHARS = 4_000;

/**
 * What makes a candidate worthless however likely it is.
 *
 * @returns a test for the candidates of one request: the reason to refuse one, or null
 */
export function refusalsFor(
  request: Pick<CompleteParams, 'prefix' | 'suffix'>,
): (candidate: Evidence) => NoSuggestionReason | null {
  const line = request.prefix.slice(request.prefix.lastIndexOf('\n') + 1);
  const [restOfLine = '', ...below] = request.suffix.split('\n');
  const nextLine = below.find((text) => text.trim() !== '')?.trim();
  const open = openBrackets(request.prefix.slice(-BRACKET_CHARS));

  return ({ text, flaw }) => {
    const added = text.trim();
    if (added === '' || added === restOfLine.trim()) return 'nothing-to-complete';
    if (flaw !== null) return flaw;
    if ((line + text).trim() === nextLine) return 'duplicates-suffix';
    if (closesWrongBracket(open, text)) return 'unbalanced-bracket';
    return null;
  };
}
