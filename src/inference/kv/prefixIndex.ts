import { commonPrefix } from './commonPrefix.ts';
import type { Sequence } from './sequence.ts';
import type { StoredSnapshot } from './snapshotStore.ts';

/*
 * Costs are in tokens to prefill: computing one takes 7 ms at the Gemma 2B shape, and its keys and values are 37 KB.
 */

/** Of a position copied: well under a hundredth of computing it, on every backend. */
const COPY_COST = 0.01;
/** Of a position read from a file and checked: 0.05 ms at the 2B shape; small models compute sooner. */
const READ_COST = 0.02;
/** Of opening a file, about a millisecond, in tokens of the smallest model. */
const OPEN_COST = 8;

export interface PrefixMatch {
  readonly sequence: Sequence;
  /** Tokens at the start that need no prefill. */
  readonly shared: number;
  /** Continue in this very sequence, dropping what follows the shared part; otherwise in a copy of that part. */
  readonly inPlace: boolean;
  /** Of reaching the tokens from here. */
  readonly cost: number;
}

export interface StoredMatch {
  readonly snapshot: StoredSnapshot;
  readonly shared: number;
  readonly cost: number;
}

/** Whether the first `shared` tokens of a sequence make it a prompt's own past. */
export type IsPast = (sequence: Sequence, shared: number) => boolean;

/**
 * The sequence from which `tokens` are reached most cheaply, in tokens to prefill; null when none shares any.
 * At least the last token is left to run, so that there are logits.
 *
 * A plain scan: there are tens of sequences and comparing two of a thousand tokens takes a microsecond, while a radix
 * tree would have to be kept in step with every append and rewind.
 *
 * @param copied sequences never continued in place
 * @param isPast whether a sequence that shares so many tokens is this prompt's own past, of which the rest can go
 */
export function findPrefix(
  sequences: Iterable<Sequence>,
  tokens: readonly number[],
  copied: ReadonlySet<Sequence>,
  isPast: IsPast = mostlyAgrees,
): PrefixMatch | null {
  let best: PrefixMatch | null = null;
  for (const sequence of sequences) {
    const shared = Math.min(sequence.commonPrefix(tokens), tokens.length - 1);
    if (shared <= 0) continue;
    const inPlace = isPast(sequence, shared) && !copied.has(sequence);
    const cost = tokens.length - shared + (inPlace ? 0 : shared * COPY_COST);
    if (cost < (best?.cost ?? Infinity)) best = { sequence, shared, inPlace, cost };
  }
  return best;
}

/** Text that is edited is the same text, and another that merely starts alike is worth keeping. */
function mostlyAgrees(sequence: Sequence, shared: number): boolean {
  return shared * 2 >= sequence.length;
}

/**
 * The snapshot from which `tokens` are reached for less than `limit` tokens to prefill, most cheaply; null when there
 * is none. Also a scan: a header's tokens take a four-thousandth of the memory of its rows, so all can be compared,
 * to the token, where hashes of blocks would be found to the block.
 */
export function findStored(
  snapshots: Iterable<StoredSnapshot>,
  tokens: readonly number[],
  limit: number,
): StoredMatch | null {
  let best: StoredMatch | null = null;
  for (const snapshot of snapshots) {
    const shared = Math.min(commonPrefix(snapshot.tokens, tokens), tokens.length - 1);
    // The whole file is read, whatever is used of it: only so is it checked.
    const cost = tokens.length - shared + snapshot.tokens.length * READ_COST + OPEN_COST;
    if (shared > 0 && cost < (best?.cost ?? limit)) best = { snapshot, shared, cost };
  }
  return best;
}
