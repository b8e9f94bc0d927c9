import type { CompleteParams, NoSuggestionReason } from '../../protocol/engine.ts';
import { lineRefusalsFor } from '../../text/lineRefusal.ts';
import type { Evidence } from './evidence.ts';

/**
 * What makes a candidate worthless however likely it is.
 *
 * @returns a test for the candidates of one request: the reason to refuse one, or null
 */
export function refusalsFor({
  prefix,
  suffix,
}: Pick<CompleteParams, 'prefix' | 'suffix'>): (candidate: Evidence) => NoSuggestionReason | null {
  const refusal = lineRefusalsFor(prefix, suffix);
  return ({ text, flaw }) => {
    const refused = refusal(text);
    return refused === 'nothing-to-complete' ? refused : (flaw ?? refused);
  };
}
