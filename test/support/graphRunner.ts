import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { readManifest } from '../../src/inference/model/modelManifest.ts';
import type { Architecture } from '../../src/inference/model/architecture.ts';

/** How long the past tensors are: as long as what they hold, or a fixed capacity. */
export type Past = 'grown' | { readonly capacity: number };

/** Runs an imported graph through onnxruntime-node by its documented inputs and outputs alone. */
export class GraphRunner {
  readonly #session: InferenceSession;
  readonly #architecture: Architecture;
  #cache: Record<string, Tensor> = {};
  /** Positions in the cache. */
  length = 0;

  private constructor(session: InferenceSession, architecture: Architecture) {
    this.#session = session;
    this.#architecture = architecture;
  }

  static async open(folder: string): Promise<GraphRunner> {
    const { architecture, graph } = await readManifest(folder);
    const session = await InferenceSession.create(join(folder, graph.name), {
      intraOpNumThreads: 1,
      logSeverityLevel: 4,
    });
    return new GraphRunner(session, architecture);
  }

  /** Forgets the past. */
  reset(past: Past = 'grown'): void {
    const { layers, kvHeads, headDim } = this.#architecture;
    const capacity = past === 'grown' ? 0 : past.capacity;
    this.length = 0;
    this.#cache = {};
    for (let layer = 0; layer < layers; layer++) {
      for (const part of ['key', 'value']) {
        // What lies beyond the used rows must not matter.
        const junk = new Float32Array(kvHeads * capacity * headDim).fill(1e3);
        this.#cache[`${layer}.${part}`] = new Tensor('float32', junk, [1, kvHeads, capacity, headDim]);
      }
    }
  }

  /** Keeps the first `length` positions: with a fixed capacity nothing moves. */
  rewind(length: number): void {
    this.length = length;
  }

  /** Appends `tokens`. @returns the logits of the last `rows` positions */
  async append(tokens: readonly number[], rows: number): Promise<Float32Array[]> {
    const total = this.length + tokens.length;
    const feeds: Record<string, Tensor> = {
      input_ids: new Tensor('int64', BigInt64Array.from(tokens, BigInt), [1, tokens.length]),
      seqlens_k: new Tensor('int32', Int32Array.of(total - 1), [1]),
      total_sequence_length: new Tensor('int32', Int32Array.of(total), []),
      logits_rows: new Tensor('int64', BigInt64Array.of(BigInt(rows)), [1]),
    };
    for (const [name, tensor] of Object.entries(this.#cache)) feeds[`past_key_values.${name}`] = tensor;
    const results = await this.#session.run(feeds);
    for (const name of Object.keys(this.#cache)) this.#cache[name] = results[`present.${name}`]!;
    this.length = total;
    const { data, dims } = results['logits']!;
    if (!(data instanceof Float32Array)) throw new TypeError('Logits are not float32.');
    const width = dims[1]!;
    if (dims[0] !== rows) throw new Error(`${dims[0]} rows of logits instead of ${rows}.`);
    return Array.from({ length: rows }, (_, row) => data.slice(row * width, (row + 1) * width));
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}
