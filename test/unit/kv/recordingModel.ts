import type { KvBuffer, LoadedModel } from '../../../src/inference/backends/backend.ts';
import type { ModelManifest } from '../../../src/inference/model/modelManifest.ts';
import { GemmaError } from '../../../src/protocol/errors.ts';

/** Of every row: a hash of all tokens up to it, and the token itself. */
export const VOCAB_SIZE = 2;

/** Logits that the model owes for the position after `tokens`. */
export function expectedLogits(tokens: readonly number[]): number[] {
  return [tokens.reduce(nextHash, SEED), tokens.at(-1) ?? 0];
}

const SEED = 7;

function nextHash(hash: number, token: number): number {
  return (hash * 31 + token + 1) % 65_521;
}

/**
 * A model whose keys are the token ids and whose values are hashes of all tokens up to them. A forward recomputes the
 * hashes, so any row that is wrong, shifted, stale or of another history is found. Counts what runs and what lives.
 */
export class RecordingModel implements LoadedModel {
  readonly backend = 'wasm';
  readonly threads = 1;
  readonly runtime: string = 'recorder 1';
  readonly manifest = manifest();
  /** Tokens computed so far. */
  computed = 0;
  forwards = 0;
  /** KV buffers not yet disposed. */
  live = 0;
  /** Buffers for which there is memory. */
  room = Infinity;
  /** Called before each forward; may throw. */
  beforeForward: () => void = () => undefined;

  createKvBuffer(capacity: number): KvBuffer {
    if (this.live >= this.room) throw new GemmaError('out-of-memory', 'The machine is full.');
    this.live++;
    return new RowBuffer(capacity, () => this.live--);
  }

  async forward(kv: KvBuffer, past: number, tokens: readonly number[], rows: number): Promise<Float32Array> {
    if (!(kv instanceof RowBuffer)) throw new TypeError('A foreign buffer.');
    if (past + tokens.length > kv.capacity) throw new RangeError('Beyond the buffer.');
    if (rows < 1 || rows > tokens.length) throw new RangeError('Rows.');
    this.forwards++;
    // A forward that fails half-way has written half of its rows.
    kv.write(past, tokens.slice(0, Math.ceil(tokens.length / 2)));
    this.beforeForward();
    kv.write(past, tokens);
    this.computed += tokens.length;
    const total = past + tokens.length;
    const logits = Array.from({ length: rows }, (_, row) => {
      return expectedLogits(kv.tokens(total - rows + row + 1));
    });
    return Float32Array.from(logits.flat());
  }

  async dispose(): Promise<void> {}
}

class RowBuffer implements KvBuffer {
  readonly capacity: number;
  readonly #keys: Float32Array;
  readonly #values: Float32Array;
  readonly #onDispose: () => void;
  #disposed = false;

  constructor(capacity: number, onDispose: () => void) {
    this.capacity = capacity;
    this.#keys = new Float32Array(capacity).fill(-1);
    this.#values = new Float32Array(capacity).fill(-1);
    this.#onDispose = onDispose;
  }

  get bytes(): number {
    return bytesOf(this.capacity);
  }

  /** Writes the rows of `tokens` on top of the first `past` ones, which must be sound. */
  write(past: number, tokens: readonly number[]): void {
    let hash = this.tokens(past).reduce(nextHash, SEED);
    for (const [i, token] of tokens.entries()) {
      hash = nextHash(hash, token);
      this.#keys[past + i] = token;
      this.#values[past + i] = hash;
    }
  }

  /** @throws Error when a row is not of this position in this history */
  tokens(length: number): number[] {
    if (this.#disposed) throw new Error('Used after its end.');
    const tokens = Array.from(this.#keys.subarray(0, length));
    let hash = SEED;
    for (const [position, token] of tokens.entries()) {
      hash = nextHash(hash, token);
      if (this.#values[position] !== hash) throw new Error(`Row ${position} is of another history.`);
    }
    return tokens;
  }

  copyTo(target: KvBuffer, length: number): void {
    if (!(target instanceof RowBuffer) || this.#disposed) throw new TypeError('Not a live buffer.');
    target.#keys.set(this.#keys.subarray(0, length));
    target.#values.set(this.#values.subarray(0, length));
  }

  async readPart(part: number, length: number): Promise<Float32Array> {
    return this.#part(part).slice(0, length);
  }

  writePart(part: number, rows: Float32Array): void {
    this.#part(part).set(rows);
  }

  dispose(): void {
    if (this.#disposed) throw new Error('Disposed twice.');
    this.#disposed = true;
    this.#onDispose();
  }

  #part(part: number): Float32Array {
    if (this.#disposed) throw new Error('Used after its end.');
    return part === 0 ? this.#keys : this.#values;
  }
}

/** Bytes of a buffer of this model: one layer, one head of one float, key and value. */
export function bytesOf(capacity: number): number {
  return 8 * capacity;
}

function manifest(): ModelManifest {
  const file = { name: 'none', bytes: 0, sha256: '' };
  return {
    format: 3,
    name: 'recording',
    architecture: {
      generation: 'gemma3',
      layers: 1,
      hiddenSize: 1,
      heads: 1,
      vocabSize: VOCAB_SIZE,
      maxPositions: 4096,
      rmsNormEpsilon: 1e-6,
      queryPreAttentionScalar: 1,
      perLayerInputSize: 0,
      attention: [
        {
          kvHeads: 1,
          headDim: 1,
          kvFrom: null,
          valuesFromKeys: false,
          window: null,
          ropeTheta: 10_000,
          ropeFactor: 1,
          rotatedPairs: 0,
        },
      ],
      ffnSizes: [1],
    },
    parameters: 1,
    quantization: 'f32',
    graph: file,
    gpuGraph: file,
    weights: [],
    tokenizer: file,
    completion: null,
    chat: null,
  };
}
