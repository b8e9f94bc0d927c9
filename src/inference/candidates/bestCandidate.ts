import type { CompleteParams, NoSuggestionReason } from '../../protocol/engine.ts';
import type { Evidence } from './evidence.ts';
import { confidenceOf } from './gate.ts';
import { refusalsFor } from './refusal.ts';

export interface BestCandidate {
  readonly best: { readonly candidate: Evidence; readonly confidence: number } | null;
  /** Why the likeliest worthless candidate was refused; null when none was. */
  readonly refused: NoSuggestionReason | null;
}

/** The likeliest candidate that nothing speaks against. */
export function bestCandidate(
  request: Pick<CompleteParams, 'prefix' | 'suffix'>,
  candidates: readonly Evidence[],
): BestCandidate {
  const refusal = refusalsFor(request);
  const ranked = candidates
    .map((candidate) => ({ candidate, confidence: confidenceOf(candidate), refused: refusal(candidate) }))
    .sort((a, b) => b.confidence - a.confidence);
  return {
    best: ranked.find(({ refused }) => refused === null) ?? null,
    refused: ranked.find(({ refused }) => refused !== null)?.refused ?? null,
  };
}
