import type { LoadedModel } from '../backends/backend.ts';
import { kvBytes } from '../model/graphInterface.ts';
import { commonPrefix } from './commonPrefix.ts';
import type { KvMemory } from './kvMemory.ts';
import { findPrefix, findStored, type IsPast, type PrefixMatch } from './prefixIndex.ts';
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

export interface PrefillOptions {
  /** Positions the sequence may grow to. */
  readonly capacity?: number;
  /**
   * Of a conversation: tokens at the start that others begin with too. A sequence of their own is kept to copy them
   * from, and no conversation continues in the sequence of another. Absent: a text that changes as it is typed.
   */
  readonly stem?: number;
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
  /** Where sequences are kept over a restart. */
  snapshots: SnapshotStore | undefined;
  readonly #identity: SnapshotIdentity;
  /** How long the prompt was that a sequence was last asked to hold; what follows is an answer. */
  readonly #prompts = new WeakMap<Sequence, number>();
  /** What this process wrote of a sequence, so that it isn't written again after a limit removed the file. */
  readonly #written = new WeakMap<Sequence, readonly number[]>();

  constructor(model: LoadedModel, { capacity, memory, snapshots }: KvCacheOptions) {
    this.#model = model;
    this.#capacity = capacity;
    this.#memory = memory;
    this.snapshots = snapshots;
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
   * @throws GemmaError `cancelled`, `out-of-memory`; RangeError unless 1 ≤ tokens.length ≤ capacity and
   * 0 ≤ stem < tokens.length
   */
  async prefill(
    tokens: readonly number[],
    turn?: Turn,
    { capacity = this.#capacity, stem }: PrefillOptions = {},
  ): Promise<Prefilled> {
    if (tokens.length === 0 || tokens.length > capacity) {
      throw new RangeError(`A prompt of ${tokens.length} tokens doesn't fit ${capacity} positions.`);
    }
    if (stem !== undefined && (stem < 0 || stem >= tokens.length)) {
      throw new RangeError(`${stem} tokens can't be the stem of a prompt of ${tokens.length}.`);
    }
    const stemTokens = stem === undefined ? 0 : await this.#computeStem(tokens.slice(0, stem), turn);
    const sequence = await this.#reach(tokens, capacity, stem === undefined ? undefined : this.#holdsPrompt);
    this.#prompts.set(sequence, tokens.length);
    const known = sequence.length;
    // A stem that there is no room for is computed twice.
    const cachedTokens = Math.max(0, known - stemTokens);
    this.#memory.countPrompt(cachedTokens, tokens.length - cachedTokens);
    const logits = await this.#append(sequence, tokens.slice(known), 1, turn);
    return { sequence, cachedTokens, logits };
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
    if (this.snapshots === undefined) return;
    for (;;) {
      const sequence = this.#mostWorthStoring(this.snapshots);
      if (sequence === null) return;
      const tokens = [...sequence.tokens];
      await this.snapshots.save(this.#identity, sequence, turn);
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
   * Sees to it that a sequence of exactly `tokens` is kept.
   *
   * @returns how many of them had to be computed
   * @throws GemmaError `cancelled`, `out-of-memory`
   */
  async #computeStem(tokens: readonly number[], turn: Turn | undefined): Promise<number> {
    if (tokens.length === 0) return 0;
    const { live } = this.#memory;
    const kept = this.#own().find(
      (sequence) => live.kept.has(sequence) && isSameRun(sequence.tokens, tokens),
    );
    if (kept !== undefined) {
      live.keep(kept);
      return 0;
    }
    const sequence = await this.#reach(tokens, tokens.length, isWhole);
    const known = sequence.length;
    await this.#append(sequence, tokens.slice(known), 0, turn);
    live.keep(sequence);
    return tokens.length - known;
  }

  async #append(
    sequence: Sequence,
    tokens: readonly number[],
    rows: number,
    turn: Turn | undefined,
  ): Promise<Float32Array> {
    // Between its steps other work may use the cache.
    this.pin(sequence);
    try {
      return await sequence.append(tokens, rows, turn);
    } finally {
      this.unpin(sequence);
    }
  }

  /**
   * The sequence from which `tokens` are reached most cheaply: its tokens are a prefix of them, at least the last one
   * is missing. A sequence that mostly agrees is rewound, one that merely starts alike is copied, and a snapshot is
   * read when that is cheaper than computing what live sequences lack.
   */
  async #reach(tokens: readonly number[], capacity: number, isPast?: IsPast): Promise<Sequence> {
    const room: Room = { capacity, expected: tokens.length };
    const sequence = (await this.#restore(tokens, room, isPast)) ?? this.#fromLive(tokens, room, isPast);
    this.#memory.live.use(sequence);
    return sequence;
  }

  /** A conversation goes on after its last question, or has that answered anew; another's is left whole. */
  readonly #holdsPrompt: IsPast = (sequence, shared) =>
    isWhole(sequence, shared) || shared + 1 >= (this.#prompts.get(sequence) ?? Infinity);

  #match(tokens: readonly number[], isPast?: IsPast): PrefixMatch | null {
    const { pinned, kept } = this.#memory.live;
    return findPrefix(this.#own(), tokens, new Set([...pinned, ...kept]), isPast);
  }

  async #restore(tokens: readonly number[], room: Room, isPast?: IsPast): Promise<Sequence | null> {
    if (this.snapshots === undefined) return null;
    const limit = this.#match(tokens, isPast)?.cost ?? tokens.length;
    const found = findStored(this.snapshots.of(this.#identity), tokens, limit);
    if (found === null) return null;
    const { allocate } = this.#memory;
    const sequence = await this.snapshots.load(found.snapshot, found.shared, this.#model, room, allocate);
    if (sequence !== null) this.#memory.countSnapshot('snapshotReads');
    return sequence;
  }

  #fromLive(tokens: readonly number[], room: Room, isPast?: IsPast): Sequence {
    const match = this.#match(tokens, isPast);
    return match?.inPlace === true ? rewound(match, room) : this.#create(match, room);
  }

  #create(match: PrefixMatch | null, room: Room): Sequence {
    const { allocate, live } = this.#memory;
    const bytes = kvBytes(this.#model.manifest.architecture, positionsFor(room));
    const fits = live.makeRoom(bytes, match?.sequence);
    // No room beside the source: better to continue in it than to lose what it shares.
    if (!fits && match !== null && !live.pinned.has(match.sequence)) {
      live.release(match.sequence);
      return rewound(match, room);
    }
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

const isWhole: IsPast = (sequence, shared) => shared === sequence.length;

function isSameRun(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && commonPrefix(a, b) === a.length;
}
