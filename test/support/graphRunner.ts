import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { readManifest } from '../../src/inference/model/modelManifest.ts';
import type { Architecture } from '../../src/inference/model/architecture.ts';

/** Runs an imported graph through onnxruntime-node by its documented inputs and outputs alone. */
export class GraphRunner {
  readonly #session: InferenceSession;
  readonly #architecture: Architecture;
  /** Keys and values by layer and part, row after row; beyond `length` there may be anything. */
  #cache: Record<string, number[][]> = {};
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
  reset(): void {
    this.length = 0;
    this.#cache = {};
    for (const [layer, { kvFrom }] of this.#architecture.attention.entries()) {
      if (kvFrom !== null) continue;
      for (const part of ['key', 'value']) this.#cache[`${layer}.${part}`] = [];
    }
  }

  /** Keeps the first `length` positions. */
  rewind(length: number): void {
    this.length = length;
  }

  /** Appends `tokens`. @returns the logits of the last `rows` positions */
  async append(tokens: readonly number[], rows: number): Promise<Float32Array[]> {
    const { attention } = this.#architecture;
    const count = tokens.length;
    const feeds: Record<string, Tensor> = {
      input_ids: int64(tokens, [1, count]),
      positions: int64(
        Array.from({ length: count }, (_, i) => this.length + i),
        [1, count],
      ),
      logits_rows: int64([rows], [1]),
    };
    for (const [layer, { window, kvHeads, headDim, kvFrom }] of attention.entries()) {
      const reach = window ?? 'all';
      const seen = Math.min(this.length, window === null ? Infinity : window - 1);
      const mask = Array.from({ length: count }, (_, token) => {
        const isSeen = (position: number): boolean =>
          position <= this.length + token && position > this.length + token - (window ?? Infinity);
        const past = Array.from({ length: seen }, (_unused, i) => isSeen(this.length - seen + i));
        // With no past one row of junk is passed that nobody sees.
        return [
          ...(seen === 0 ? [false] : past),
          ...Array.from({ length: count }, (_unused, i) => isSeen(this.length + i)),
        ].map((visible) => (visible ? 0 : -Infinity));
      });
      const passed = Math.max(1, seen);
      feeds[`mask.${reach}`] = new Tensor('float32', Float32Array.from(mask.flat()), [count, passed + count]);
      feeds[`split.${reach}`] = int64([passed, count], [2]);
      if (kvFrom !== null) continue;
      for (const part of ['key', 'value']) {
        const past = this.#cache[`${layer}.${part}`]!.slice(this.length - seen, this.length).flat();
        const junk = Array.from({ length: kvHeads * headDim }, () => 1e3);
        feeds[`past_key_values.${layer}.${part}`] = new Tensor(
          'float32',
          Float32Array.from(seen === 0 ? junk : past),
          [passed, kvHeads, headDim],
        );
      }
    }
    const results = await this.#session.run(feeds);
    for (const [name, cached] of Object.entries(this.#cache)) {
      const { data, dims } = results[`present.${name}`]!;
      if (dims[0] !== count) throw new Error(`${dims[0]} new rows instead of ${count}.`);
      const width = data.length / count;
      cached.length = this.length;
      for (let row = 0; row < count; row++) {
        cached.push(Array.from(data, Number).slice(row * width, (row + 1) * width));
      }
    }
    this.length += count;
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

function int64(values: readonly number[], dims: readonly number[]): Tensor {
  return new Tensor('int64', BigInt64Array.from(values, BigInt), dims);
}
