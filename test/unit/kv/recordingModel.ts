import type { KvBuffer, LoadedModel } from '../../../src/inference/backends/backend.ts';
import type { ModelManifest } from '../../../src/inference/model/modelManifest.ts';
import { GemmaError } from '../../../src/protocol/errors.ts';

/** Of every row: a hash of all tokens up to it, and the token itself. */
export const VOCAB_SIZE = 2;

/** Logits that the model owes for the position after `tokens`. */
export function expectedLogits(tokens: readonly number[]): number[] {
  const hash = tokens.reduce((sum, token) => (sum * 31 + token + 1) % 65_521, 7);
  return [hash, tokens.at(-1) ?? 0];
}

/**
 * A model whose keys are the token ids themselves and whose logits depend on every row before: any wrong row, shifted
 * copy or stale tail changes them. Counts what runs and what lives.
 */
export class RecordingModel implements LoadedModel {
  readonly backend = 'wasm';
  readonly threads = 1;
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
    kv.rows.set(tokens.slice(0, Math.ceil(tokens.length / 2)), past);
    this.beforeForward();
    kv.rows.set(tokens, past);
    this.computed += tokens.length;
    const total = past + tokens.length;
    const logits = Array.from({ length: rows }, (_, row) => {
      return expectedLogits(Array.from(kv.rows.subarray(0, total - rows + row + 1)));
    });
    return Float32Array.from(logits.flat());
  }

  async dispose(): Promise<void> {}
}

class RowBuffer implements KvBuffer {
  readonly rows: Int32Array;
  readonly capacity: number;
  readonly #onDispose: () => void;
  #disposed = false;

  constructor(capacity: number, onDispose: () => void) {
    this.capacity = capacity;
    this.rows = new Int32Array(capacity).fill(-1);
    this.#onDispose = onDispose;
  }

  get bytes(): number {
    return bytesOf(this.capacity);
  }

  copyTo(target: KvBuffer, length: number): void {
    if (!(target instanceof RowBuffer) || this.#disposed) throw new TypeError('Not a live buffer.');
    target.rows.set(this.rows.subarray(0, length));
  }

  dispose(): void {
    if (this.#disposed) throw new Error('Disposed twice.');
    this.#disposed = true;
    this.#onDispose();
  }
}

/** Bytes of a buffer of this model: one layer, one head of one float, key and value. */
export function bytesOf(capacity: number): number {
  return 8 * capacity;
}

function manifest(): ModelManifest {
  const file = { name: 'none', bytes: 0, sha256: '' };
  return {
    format: 2,
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
    weights: [],
    tokenizer: file,
    completion: null,
    chat: null,
  };
}
