import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { BackendName } from '../../../protocol/engine.ts';
import {
  checkForward,
  endName,
  firstName,
  keptNames,
  type KvTensor,
  kvTensors,
  maskName,
  positionsFrom,
  type Span,
  spans,
  splitName,
} from '../../model/graphInterface.ts';
import type { ModelManifest } from '../../model/modelManifest.ts';
import type { KvBuffer, LoadedModel } from '../backend.ts';
import { runError } from '../ortError.ts';
import { ChainedKv, type ReadRows } from './chainedKv.ts';
import type { DeviceLoss } from './deviceLoss.ts';

/** What differs between the two libraries that run a graph by WebGPU. */
export interface GpuRuntime {
  readonly backend: BackendName;
  /** Name and version of the library. */
  readonly runtime: string;
  readonly TensorClass: typeof Tensor;
  readonly loss: DeviceLoss;
  readonly readRows: ReadRows;
}

/** A model on the GPU; everything but logits stays there. */
export class GpuModel implements LoadedModel {
  readonly manifest: ModelManifest;
  /** The processor only gives orders. */
  readonly threads = 1;
  readonly #gpu: GpuRuntime;
  readonly #session: InferenceSession;
  readonly #kv: readonly KvTensor[];

  constructor(gpu: GpuRuntime, session: InferenceSession, manifest: ModelManifest) {
    this.#gpu = gpu;
    this.#session = session;
    this.manifest = manifest;
    this.#kv = kvTensors(manifest.architecture);
  }

  get backend(): BackendName {
    return this.#gpu.backend;
  }

  get runtime(): string {
    return this.#gpu.runtime;
  }

  createKvBuffer(capacity: number): KvBuffer {
    const { TensorClass, readRows } = this.#gpu;
    return new ChainedKv(TensorClass, readRows, this.manifest.architecture, capacity);
  }

  async forward(kv: KvBuffer, past: number, tokens: readonly number[], rows: number): Promise<Float32Array> {
    if (!(kv instanceof ChainedKv)) throw new TypeError('A KV buffer of another backend.');
    const { architecture, name } = this.manifest;
    checkForward(architecture, kv.capacity, past, tokens, rows);
    const total = Math.max(kv.rows, past + tokens.length);
    try {
      const results = await this.#session.run({
        ...this.#inputs(past, tokens, rows, spans(architecture, past, tokens.length)),
        [keptNames.before]: this.#int64([past], [1]),
        [keptNames.after]: this.#int64([past + tokens.length], [1]),
        [keptNames.end]: this.#int64([total], [1]),
        ...Object.fromEntries(kv.caches.map((cache, part) => [this.#kv[part]!.past, cache] as const)),
      });
      kv.accept(
        this.#kv.map(({ present }) => results[present]!),
        total,
      );
      const data = results['logits']?.data;
      if (!(data instanceof Float32Array)) throw new TypeError('The graph has no float32 output "logits".');
      return data;
    } catch (error) {
      throw this.#gpu.loss.reason(error) ?? runError(name, error);
    }
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }

  #inputs(
    past: number,
    tokens: readonly number[],
    rows: number,
    reaches: readonly Span[],
  ): Record<string, Tensor> {
    const count = tokens.length;
    const inputs: Record<string, Tensor> = {
      input_ids: this.#int64(tokens, [1, count]),
      positions: this.#int64(positionsFrom(past, count), [1, count]),
      logits_rows: this.#int64([rows], [1]),
    };
    for (const { reach, first, rows: before, mask } of reaches) {
      inputs[maskName(reach)] = new this.#gpu.TensorClass('float32', mask, [count, before + count]);
      inputs[splitName(reach)] = this.#int64([before, count], [2]);
      inputs[firstName(reach)] = this.#int64([first], [1]);
      inputs[endName(reach)] = this.#int64([first + before], [1]);
    }
    return inputs;
  }

  #int64(values: readonly number[], dims: readonly number[]): Tensor {
    return new this.#gpu.TensorClass('int64', BigInt64Array.from(values, BigInt), dims);
  }
}

/** Keys and values stay on the GPU. */
export function gpuSessionOptions({ architecture }: ModelManifest): InferenceSession.SessionOptions {
  const presents = kvTensors(architecture).map(({ present }) => [present, 'gpu-buffer'] as const);
  return {
    executionProviders: ['webgpu'],
    preferredOutputLocation: { logits: 'cpu', ...Object.fromEntries(presents) },
    // A memory pattern is kept for every input shape ever seen; ours change all the time.
    enableMemPattern: false,
    logSeverityLevel: 4,
  };
}
