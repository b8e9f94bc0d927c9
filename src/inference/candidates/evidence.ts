import type { NoSuggestionReason } from '../../protocol/engine.ts';

/** A line that might be offered, with all that is known about it before anybody has seen it. */
export interface Evidence {
  /** What would be inserted. */
  readonly text: string;
  readonly source: 'model' | 'copied';
  /** What the model thinks of it; null when no model read it. */
  readonly reading: Reading | null;
  /** Characters before the cursor that also stood before the place it was copied from; 0: it stands nowhere else. */
  readonly matchLength: number;
  /** What is wrong with the way in which it was written; null: nothing. */
  readonly flaw: NoSuggestionReason | null;
}

export interface Reading {
  /** Σ ln p of its tokens and of the line ending after them (≤ 0). */
  readonly logProbability: number;
  /** Terms of the sum, ≥ 1. */
  readonly tokens: number;
}
