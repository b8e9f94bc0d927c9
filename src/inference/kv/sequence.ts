import { GemmaError } from '../../protocol/errors.ts';
import type { KvBuffer, LoadedModel } from '../backends/backend.ts';
import { partWidths } from '../model/graphInterface.ts';
import { commonPrefix } from './commonPrefix.ts';
import type { Turn } from './turn.ts';

/**
 * Rows of one forward while prefilling. Attention makes long chunks slower per row in WebAssembly (128 rows take
 * 2.5 times as long as 64), larger ones gain under a tenth natively, and a cancel waits for one chunk.
 */
const CHUNK = 64;

/**
 * Buffers are allocated in multiples of this many positions, so that memory follows what is written. Growing copies:
 * 37 MB (1,000 tokens of a 2B model) take 5 to 10 ms, while decoding the next 512 tokens takes 20 s.
 */
const GROWTH = 512;

/** Gives a buffer; `keep` must survive whatever is ended to make room. @throws GemmaError `out-of-memory` */
export type Allocate = (model: LoadedModel, positions: number, keep: Sequence | null) => KvBuffer;

export interface Room {
  /** Most tokens the sequence may ever hold. */
  readonly capacity: number;
  /** Tokens that will come at once, so that one allocation is enough. */
  readonly expected: number;
}

/** Positions to allocate for `room`. */
export function positionsFor({ capacity, expected }: Room): number {
  return Math.min(capacity, Math.max(1, Math.ceil(expected / GROWTH)) * GROWTH);
}

/**
 * A run of tokens with their keys and values.
 * Invariant: the first `length` rows of the buffer belong to `tokens`, also after a cancelled or failed append.
 */
export class Sequence {
  readonly model: LoadedModel;
  readonly #allocate: Allocate;
  readonly #tokens: number[] = [];
  #kv: KvBuffer;
  #capacity: number;
  /** Counts the times that tokens were forgotten: rows read before and after don't belong together. */
  #rewinds = 0;

  /** @throws GemmaError `out-of-memory` */
  constructor(
    model: LoadedModel,
    capacity: number,
    { expected = 0, allocate = plainly, keep = null }: Start = {},
  ) {
    this.model = model;
    this.#allocate = allocate;
    this.#capacity = capacity;
    this.#kv = allocate(model, positionsFor({ capacity, expected }), keep);
  }

  /**
   * A sequence of `tokens` that were computed before.
   *
   * @param readPart gives one part after the other, [at least tokens.length, width]; valid until the next call
   * @throws GemmaError `out-of-memory`; what `readPart` throws
   */
  static async restore(
    tokens: readonly number[],
    readPart: (width: number) => Promise<Float32Array>,
    model: LoadedModel,
    { capacity, expected }: Room,
    allocate: Allocate = plainly,
  ): Promise<Sequence> {
    const start = { expected: Math.max(expected, tokens.length), allocate };
    const sequence = new Sequence(model, capacity, start);
    try {
      for (const [part, width] of partWidths(model.manifest.architecture).entries()) {
        sequence.#kv.writePart(part, (await readPart(width)).subarray(0, width * tokens.length));
      }
    } catch (error) {
      sequence.dispose();
      throw error;
    }
    sequence.#tokens.push(...tokens);
    return sequence;
  }

  get tokens(): readonly number[] {
    return this.#tokens;
  }

  get length(): number {
    return this.#tokens.length;
  }

  /** Most tokens it may hold; memory is allocated as they come. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Bytes allocated. */
  get bytes(): number {
    return this.#kv.bytes;
  }

  /** Sets the capacity. @throws RangeError below the tokens it holds */
  resize(capacity: number): void {
    if (capacity < this.length) {
      throw new RangeError(`A sequence of ${this.length} tokens doesn't fit ${capacity} positions.`);
    }
    this.#capacity = capacity;
  }

  /**
   * Runs `tokens` after those already there, in chunks; `turn` is asked before each.
   *
   * @param rows how many of the last tokens' logits to return, 0 ≤ rows ≤ tokens.length
   * @returns logits, row-major [rows, vocabSize]; valid until the next call
   * @throws GemmaError `cancelled`, `out-of-memory`; RangeError when the tokens don't fit, before any of them ran
   */
  async append(tokens: readonly number[], rows: number, turn?: Turn): Promise<Float32Array> {
    if (this.length + tokens.length > this.capacity) {
      throw new RangeError(
        `${tokens.length} tokens after ${this.length} don't fit ${this.capacity} positions.`,
      );
    }
    if (!Number.isInteger(rows) || rows < 0 || rows > tokens.length) {
      throw new RangeError(`Logits of ${rows} rows were asked for; ${tokens.length} tokens run.`);
    }
    this.#grow(this.length + tokens.length);
    const { vocabSize } = this.model.manifest.architecture;
    const firstWanted = tokens.length - rows;
    let logits = new Float32Array(0);
    for (let start = 0; start < tokens.length; start += CHUNK) {
      await turn?.step();
      const chunk = tokens.slice(start, start + CHUNK);
      const wanted = Math.max(0, start + chunk.length - Math.max(start, firstWanted));
      // A forward returns at least one row.
      const part = await this.model.forward(this.#kv, this.length, chunk, Math.max(1, wanted));
      this.#tokens.push(...chunk);
      if (wanted === rows && rows > 0) return part;
      if (wanted > 0) {
        if (logits.length === 0) logits = new Float32Array(rows * vocabSize);
        logits.set(part, (Math.max(start, firstWanted) - firstWanted) * vocabSize);
      }
    }
    return logits;
  }

  /** Forgets the tokens from `length` on; costs nothing. @throws RangeError unless 0 ≤ length ≤ this.length */
  rewind(length: number): void {
    if (!Number.isInteger(length) || length < 0 || length > this.length) {
      throw new RangeError(`A sequence of ${this.length} tokens can't be rewound to ${length}.`);
    }
    if (length < this.length) this.#rewinds++;
    this.#tokens.length = length;
  }

  /** How many tokens at the start are the same as in `tokens`. */
  commonPrefix(tokens: readonly number[]): number {
    return commonPrefix(this.#tokens, tokens);
  }

  /**
   * A new sequence of the first `length` tokens, by copying their keys and values.
   *
   * @throws GemmaError `out-of-memory`
   */
  fork(
    length: number,
    { capacity, expected }: Room = { capacity: this.capacity, expected: length },
  ): Sequence {
    if (!Number.isInteger(length) || length < 0 || length > this.length || length > capacity) {
      throw new RangeError(`A sequence of ${this.length} tokens can't be forked at ${length}.`);
    }
    const copy = new Sequence(this.model, capacity, {
      expected: Math.max(expected, length),
      allocate: this.#allocate,
      keep: this,
    });
    this.#kv.copyTo(copy.#kv, length);
    copy.#tokens.push(...this.#tokens.slice(0, length));
    return copy;
  }

  /**
   * Keys and values part by part (see KvBuffer), each [length, width], of the tokens it holds now. It may be appended
   * to meanwhile.
   *
   * @throws GemmaError `superseded` when tokens were forgotten meanwhile, as late as after the last part
   */
  readParts(): AsyncIterable<Float32Array> {
    return this.#readParts(this.length, this.#rewinds);
  }

  dispose(): void {
    this.#rewinds++;
    this.#tokens.length = 0;
    this.#kv.dispose();
  }

  async *#readParts(length: number, rewinds: number): AsyncGenerator<Float32Array> {
    const throwIfRewound = (): void => {
      if (this.#rewinds === rewinds) return;
      throw new GemmaError('superseded', 'The sequence changed while it was read.');
    };
    const parts = partWidths(this.model.manifest.architecture).length;
    throwIfRewound();
    for (let part = 0; part < parts; part++) {
      const rows = await this.#kv.readPart(part, length);
      throwIfRewound();
      yield rows;
      throwIfRewound();
    }
  }

  #grow(length: number): void {
    if (length <= this.#kv.capacity) return;
    const grown = this.#allocate(
      this.model,
      positionsFor({ capacity: this.#capacity, expected: length }),
      this,
    );
    this.#kv.copyTo(grown, this.length);
    this.#kv.dispose();
    this.#kv = grown;
  }
}

interface Start {
  readonly expected?: number;
  readonly allocate?: Allocate;
  readonly keep?: Sequence | null;
}

const plainly: Allocate = (model, positions) => model.createKvBuffer(positions);
