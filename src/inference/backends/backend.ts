import type { BackendName } from '../../protocol/engine.ts';
import type { ModelManifest } from '../model/modelManifest.ts';

/** One way to run ONNX Runtime. Calls block the thread, so only the engine worker makes them. */
export interface Backend {
  readonly name: BackendName;
  /** Which form of a graph it runs. */
  readonly processor: 'cpu' | 'gpu';
  /** Throws GemmaError (`model-damaged`, `out-of-memory`, `backend-unavailable`, `device-lost`). */
  load(folder: string, manifest: ModelManifest, options: LoadOptions): Promise<LoadedModel>;
  /** As `load`, from a graph that holds its weights itself; of `manifest` only name and architecture are used. */
  loadGraph(graph: Uint8Array, manifest: ModelManifest, options: LoadOptions): Promise<LoadedModel>;
}

export interface LoadOptions {
  readonly threads: number;
}

/** Weights in memory plus the session that runs them. */
export interface LoadedModel {
  readonly manifest: ModelManifest;
  readonly backend: BackendName;
  readonly threads: number;
  /** Name and version of what computes: others round differently. */
  readonly runtime: string;
  /** Room for `capacity` positions. */
  createKvBuffer(capacity: number): KvBuffer;
  /**
   * Runs `tokens` at positions `past` … `past + tokens.length − 1` on top of the first `past` rows of `kv`
   * and writes their keys and values there (rows beyond stay untouched, so rewinding is choosing a smaller `past`).
   *
   * @param rows how many of the last positions' logits to return, 1 ≤ rows ≤ tokens.length
   * @returns logits, row-major [rows, vocabSize]; valid until the next call
   * @throws RangeError when the tokens don't fit the buffer
   */
  forward(kv: KvBuffer, past: number, tokens: readonly number[], rows: number): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/**
 * Keys and values of one sequence. A part of it is the keys or the values of one layer, [capacity, kvHeads, headDim];
 * parts are counted in the order of `kvTensors`.
 */
export interface KvBuffer {
  readonly capacity: number;
  readonly bytes: number;
  /** Copies the first `length` positions into `target`, a buffer of the same model. */
  copyTo(target: KvBuffer, length: number): void;
  /** A copy of the first `length` positions of a part. @throws RangeError beyond the capacity */
  readPart(part: number, length: number): Promise<Float32Array>;
  /** Makes `rows`, which is copied, the first positions of a part; it is open what lies beyond. @throws RangeError beyond the capacity */
  writePart(part: number, rows: Float32Array): void;
  dispose(): void;
}
