import { GemmaError } from '../../protocol/errors.ts';
import type { LoadedModel } from '../backends/backend.ts';
import { kvBytes } from '../model/graphInterface.ts';
import { Budget } from './budget.ts';
import { findPrefix, type PrefixMatch } from './prefixIndex.ts';
import { Sequence } from './sequence.ts';
import type { Turn } from './turn.ts';

export interface KvCacheOptions {
  /** Positions of each sequence: the longest prompt with its completion. */
  readonly capacity: number;
  readonly budgetBytes: number;
}

/** A few places in each of a few recently edited files; older ones are cheaper to prefill again than to keep. */
const MAX_SEQUENCES = 16;

export interface Prefilled {
  /** Holds exactly the prompt; the caller's to append to and rewind until the cache is next called. */
  readonly sequence: Sequence;
  /** Tokens of the prompt that were there already. */
  readonly cachedTokens: number;
  /** After the last token, [vocabSize]; valid until the next forward. */
  readonly logits: Float32Array;
}

/** Keys and values of one model's recent prompts, so that only what is new in a prompt is computed. */
export class KvCache {
  readonly #model: LoadedModel;
  readonly #capacity: number;
  readonly #live: Budget<Sequence>;

  constructor(model: LoadedModel, { capacity, budgetBytes }: KvCacheOptions) {
    this.#model = model;
    this.#capacity = capacity;
    this.#live = new Budget({ bytes: budgetBytes, items: MAX_SEQUENCES });
  }

  get bytes(): number {
    return this.#live.bytes;
  }

  /** Live sequences. */
  get size(): number {
    return this.#live.size;
  }

  /**
   * A sequence that holds `tokens`, after computing those no live sequence has. What was computed before it was
   * cancelled stays for the next call.
   *
   * @throws GemmaError `cancelled`, `out-of-memory`; RangeError unless 1 ≤ tokens.length ≤ capacity
   */
  async prefill(tokens: readonly number[], turn?: Turn): Promise<Prefilled> {
    const sequence = this.acquire(tokens);
    const cachedTokens = sequence.length;
    // Between its steps other work may use the cache.
    this.pin(sequence);
    try {
      const logits = await sequence.append(tokens.slice(cachedTokens), 1, turn);
      return { sequence, cachedTokens, logits };
    } finally {
      this.unpin(sequence);
    }
  }

  /**
   * The sequence from which `tokens` are reached most cheaply: its tokens are a prefix of them, at least the last one
   * is missing. A sequence that mostly agrees is rewound, one that merely starts alike is copied.
   *
   * @throws GemmaError `out-of-memory`; RangeError unless 1 ≤ tokens.length ≤ capacity
   */
  acquire(tokens: readonly number[]): Sequence {
    if (tokens.length === 0 || tokens.length > this.#capacity) {
      throw new RangeError(`A prompt of ${tokens.length} tokens doesn't fit ${this.#capacity} positions.`);
    }
    const match = findPrefix(this.#live, tokens, this.#live.pinned);
    const sequence = match?.inPlace === true ? rewound(match) : this.#create(match);
    this.#live.use(sequence);
    return sequence;
  }

  /** Never evicts the sequence nor continues it in place: others are copied from it. */
  pin(sequence: Sequence): void {
    this.#live.pin(sequence);
  }

  unpin(sequence: Sequence): void {
    this.#live.unpin(sequence);
  }

  dispose(): void {
    this.#live.dispose();
  }

  #create(match: PrefixMatch | null): Sequence {
    const bytes = kvBytes(this.#model.manifest.architecture, this.#capacity);
    const fits = this.#live.makeRoom(bytes, match?.sequence);
    // No room beside the source: better to continue in it than to lose what it shares.
    if (!fits && match !== null && !this.#live.pinned.has(match.sequence)) return rewound(match);
    // A budget below one sequence still gets one; without any nothing could run.
    for (;;) {
      try {
        return match === null ? new Sequence(this.#model, this.#capacity) : match.sequence.fork(match.shared);
      } catch (error) {
        const exhausted = error instanceof GemmaError && error.code === 'out-of-memory';
        if (!exhausted || !this.#live.evict(match?.sequence)) throw error;
      }
    }
  }
}

function rewound({ sequence, shared }: PrefixMatch): Sequence {
  sequence.rewind(shared);
  return sequence;
}
