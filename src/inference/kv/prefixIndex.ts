import type { Sequence } from './sequence.ts';

/** Copying the keys and values of a position takes well under a hundredth of computing them, on every backend. */
const COPY_COST = 0.01;

export interface PrefixMatch {
  readonly sequence: Sequence;
  /** Tokens at the start that need no prefill. */
  readonly shared: number;
  /** Continue in this very sequence, dropping what follows the shared part; otherwise in a copy of that part. */
  readonly inPlace: boolean;
}

/**
 * The sequence from which `tokens` are reached most cheaply, in tokens to prefill; null when none shares any.
 * At least the last token is left to run, so that there are logits.
 *
 * A plain scan: there are tens of sequences and comparing two of a thousand tokens takes a microsecond, while a radix
 * tree would have to be kept in step with every append and rewind.
 *
 * @param pinned sequences never continued in place
 */
export function findPrefix(
  sequences: Iterable<Sequence>,
  tokens: readonly number[],
  pinned: ReadonlySet<Sequence>,
): PrefixMatch | null {
  let best: PrefixMatch | null = null;
  let bestCost = Infinity;
  for (const sequence of sequences) {
    const shared = Math.min(sequence.commonPrefix(tokens), tokens.length - 1);
    if (shared <= 0) continue;
    // Another prompt that merely starts alike is worth keeping; one that mostly agrees is this prompt's own past.
    const inPlace = !pinned.has(sequence) && shared * 2 >= sequence.length;
    const cost = tokens.length - shared + (inPlace ? 0 : shared * COPY_COST);
    if (cost < bestCost) {
      best = { sequence, shared, inPlace };
      bestCost = cost;
    }
  }
  return best;
}
