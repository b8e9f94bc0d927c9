import type { KvBuffer, LoadedModel } from '../backends/backend.ts';
import type { Turn } from './turn.ts';

/**
 * Rows of one forward while prefilling. Attention makes long chunks slower per row in WebAssembly (128 rows take
 * 2.5 times as long as 64), larger ones gain under a tenth natively, and a cancel waits for one chunk.
 */
const CHUNK = 64;

/**
 * A run of tokens with their keys and values.
 * Invariant: the first `length` rows of the buffer belong to `tokens`, also after a cancelled or failed append.
 */
export class Sequence {
  readonly #model: LoadedModel;
  readonly #kv: KvBuffer;
  readonly #tokens: number[] = [];

  /** @throws GemmaError `out-of-memory` */
  constructor(model: LoadedModel, capacity: number) {
    this.#model = model;
    this.#kv = model.createKvBuffer(capacity);
  }

  get tokens(): readonly number[] {
    return this.#tokens;
  }

  get length(): number {
    return this.#tokens.length;
  }

  get capacity(): number {
    return this.#kv.capacity;
  }

  get bytes(): number {
    return this.#kv.bytes;
  }

  /**
   * Runs `tokens` after those already there, in chunks; `turn` is asked before each.
   *
   * @param rows how many of the last tokens' logits to return, 0 ≤ rows ≤ tokens.length
   * @returns logits, row-major [rows, vocabSize]; valid until the next call
   * @throws GemmaError `cancelled`; RangeError when the tokens don't fit, before any of them ran
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
    const { vocabSize } = this.#model.manifest.architecture;
    const firstWanted = tokens.length - rows;
    let logits = new Float32Array(0);
    for (let start = 0; start < tokens.length; start += CHUNK) {
      await turn?.step();
      const chunk = tokens.slice(start, start + CHUNK);
      const wanted = Math.max(0, start + chunk.length - Math.max(start, firstWanted));
      // A forward returns at least one row.
      const part = await this.#model.forward(this.#kv, this.length, chunk, Math.max(1, wanted));
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
    this.#tokens.length = length;
  }

  /** How many tokens at the start are the same as in `tokens`. */
  commonPrefix(tokens: readonly number[]): number {
    const limit = Math.min(this.#tokens.length, tokens.length);
    let length = 0;
    while (length < limit && this.#tokens[length] === tokens[length]) length++;
    return length;
  }

  /** A new sequence of the first `length` tokens, by copying their keys and values. @throws GemmaError `out-of-memory` */
  fork(length: number): Sequence {
    if (!Number.isInteger(length) || length < 0 || length > this.length) {
      throw new RangeError(`A sequence of ${this.length} tokens can't be forked at ${length}.`);
    }
    const copy = new Sequence(this.#model, this.capacity);
    this.#kv.copyTo(copy.#kv, length);
    copy.#tokens.push(...this.#tokens.slice(0, length));
    return copy;
  }

  dispose(): void {
    this.#tokens.length = 0;
    this.#kv.dispose();
  }
}
