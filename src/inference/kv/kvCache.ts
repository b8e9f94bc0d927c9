import type { LoadedModel } from '../backends/backend.ts';
import { kvBytes } from '../model/graphInterface.ts';
import type { KvMemory } from './kvMemory.ts';
import { findPrefix, findStored, type PrefixMatch } from './prefixIndex.ts';
import { positionsFor, type Room, Sequence } from './sequence.ts';
import { type SnapshotIdentity, snapshotIdentity } from './snapshot.ts';
import type { SnapshotStore } from './snapshotStore.ts';
import type { Turn } from './turn.ts';

export interface KvCacheOptions {
  /** Positions of a sequence unless its user asks for others: the longest prompt with its completion. */
  readonly capacity: number;
  /** Shared by all models. */
  readonly memory: KvMemory;
  /** Where sequences are kept over a restart. */
  readonly snapshots?: SnapshotStore | undefined;
}

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
  readonly #memory: KvMemory;
  readonly #snapshots: SnapshotStore | undefined;
  readonly #identity: SnapshotIdentity;
  /** What this process wrote of a sequence, so that it isn't written again after a limit removed the file. */
  readonly #written = new WeakMap<Sequence, readonly number[]>();

  constructor(model: LoadedModel, { capacity, memory, snapshots }: KvCacheOptions) {
    this.#model = model;
    this.#capacity = capacity;
    this.#memory = memory;
    this.#snapshots = snapshots;
    this.#identity = snapshotIdentity(model);
  }

  /** Bytes of this model's live sequences. */
  get bytes(): number {
    return this.#own().reduce((sum, sequence) => sum + sequence.bytes, 0);
  }

  /** Live sequences of this model. */
  get size(): number {
    return this.#own().length;
  }

  /**
   * A sequence that holds `tokens`, after computing those that neither a live sequence nor a snapshot has. What was
   * computed before it was cancelled stays for the next call.
   *
   * @param capacity positions the sequence may grow to
   * @throws GemmaError `cancelled`, `out-of-memory`; RangeError unless 1 ≤ tokens.length ≤ capacity
   */
  async prefill(tokens: readonly number[], turn?: Turn, capacity = this.#capacity): Promise<Prefilled> {
    const sequence = await this.#reach(tokens, capacity);
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

  /** Never evicts the sequence nor continues it in place: others are copied from it. */
  pin(sequence: Sequence): void {
    this.#memory.live.pin(sequence);
  }

  /** Lets the sequence be evicted again, but others sooner if the pinned ones had outgrown the budget. */
  unpin(sequence: Sequence): void {
    const { live } = this.#memory;
    live.unpin(sequence);
    live.makeRoom(0, sequence);
  }

  /**
   * Writes a snapshot of every sequence whose loss would cost a restarted process much, the longest first.
   *
   * @throws GemmaError `cancelled`; `superseded` when a sequence was rewound meanwhile; `disk-full`
   */
  async store(turn: Turn): Promise<void> {
    if (this.#snapshots === undefined) return;
    for (;;) {
      const sequence = this.#mostWorthStoring(this.#snapshots);
      if (sequence === null) return;
      const tokens = [...sequence.tokens];
      await this.#snapshots.save(this.#identity, sequence, turn);
      this.#written.set(sequence, tokens);
      this.#memory.countSnapshot('snapshotWrites');
    }
  }

  dispose(): void {
    for (const sequence of this.#own()) this.#memory.live.end(sequence);
  }

  #own(): readonly Sequence[] {
    return [...this.#memory.live].filter(({ model }) => model === this.#model);
  }

  #mostWorthStoring(store: SnapshotStore): Sequence | null {
    const worthy = this.#own().filter((sequence) =>
      store.isWorthStoring(this.#identity, sequence, this.#written.get(sequence) ?? []),
    );
    return worthy.toSorted((a, b) => b.length - a.length)[0] ?? null;
  }

  /**
   * The sequence from which `tokens` are reached most cheaply: its tokens are a prefix of them, at least the last one
   * is missing. A sequence that mostly agrees is rewound, one that merely starts alike is copied, and a snapshot is
   * read when that is cheaper than computing what live sequences lack.
   */
  async #reach(tokens: readonly number[], capacity: number): Promise<Sequence> {
    if (tokens.length === 0 || tokens.length > capacity) {
      throw new RangeError(`A prompt of ${tokens.length} tokens doesn't fit ${capacity} positions.`);
    }
    const room: Room = { capacity, expected: tokens.length };
    const sequence = (await this.#restore(tokens, room)) ?? this.#fromLive(tokens, room);
    this.#memory.live.use(sequence);
    this.#memory.countPrompt(sequence.length, tokens.length - sequence.length);
    return sequence;
  }

  #match(tokens: readonly number[]): PrefixMatch | null {
    return findPrefix(this.#own(), tokens, this.#memory.live.pinned);
  }

  async #restore(tokens: readonly number[], room: Room): Promise<Sequence | null> {
    if (this.#snapshots === undefined) return null;
    const limit = this.#match(tokens)?.cost ?? tokens.length;
    const found = findStored(this.#snapshots.of(this.#identity), tokens, limit);
    if (found === null) return null;
    const { allocate } = this.#memory;
    const sequence = await this.#snapshots.load(found.snapshot, found.shared, this.#model, room, allocate);
    if (sequence !== null) this.#memory.countSnapshot('snapshotReads');
    return sequence;
  }

  #fromLive(tokens: readonly number[], room: Room): Sequence {
    const match = this.#match(tokens);
    return match?.inPlace === true ? rewound(match, room) : this.#create(match, room);
  }

  #create(match: PrefixMatch | null, room: Room): Sequence {
    const { allocate, live } = this.#memory;
    const bytes = kvBytes(this.#model.manifest.architecture, positionsFor(room));
    const fits = live.makeRoom(bytes, match?.sequence);
    // No room beside the source: better to continue in it than to lose what it shares.
    if (!fits && match !== null && !live.pinned.has(match.sequence)) return rewound(match, room);
    return match === null
      ? new Sequence(this.#model, room.capacity, { expected: room.expected, allocate })
      : match.sequence.fork(match.shared, room);
  }
}

function rewound({ sequence, shared }: PrefixMatch, { capacity }: Room): Sequence {
  sequence.rewind(shared);
  sequence.resize(capacity);
  return sequence;
}
