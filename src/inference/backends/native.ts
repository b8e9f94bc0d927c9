import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { ModelManifest } from '../model/modelManifest.ts';
import type { Backend, KvBuffer, LoadedModel, LoadOptions } from './backend.ts';
import {
  checkForward,
  type KvTensor,
  kvTensors,
  maskName,
  positionsFrom,
  type Span,
  spans,
  splitName,
} from '../model/graphInterface.ts';
import { modelFilePath, readAhead } from './modelFiles.ts';
import { NativeKvBuffer } from './nativeKvBuffer.ts';
import { loadOrtNative, type OrtNative } from './nativeModule.ts';
import { loadError, runError } from './ortError.ts';

/**
 * ONNX Runtime's CPU library through onnxruntime-node.
 *
 * @param specifier where onnxruntime-node is: package name or absolute folder
 */
export function createNativeBackend(specifier?: string): Backend {
  return {
    name: 'native',
    processor: 'cpu',
    async load(folder, manifest, options) {
      const ort = loadOrtNative(specifier);
      const graph = await modelFilePath(folder, manifest.graph);
      for (const file of manifest.weights) await readAhead(folder, file);
      return createModel(ort, graph, manifest, options);
    },
    async loadGraph(graph, manifest, options) {
      return createModel(loadOrtNative(specifier), graph, manifest, options);
    },
  };
}

async function createModel(
  ort: OrtNative,
  graph: string | Uint8Array,
  manifest: ModelManifest,
  { threads }: LoadOptions,
): Promise<LoadedModel> {
  try {
    // A path, not bytes: external weights are then mapped from beside it and never copied through JavaScript.
    const session = await ort.InferenceSession.create(graph, sessionOptions(threads));
    return new NativeModel(ort, session, manifest, threads);
  } catch (error) {
    throw loadError(manifest.name, error);
  }
}

function sessionOptions(threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // A memory pattern is kept for every input shape ever seen; ours change all the time.
    enableMemPattern: false,
    logSeverityLevel: 4,
    // Spinning threads gain a third on an idle machine, lose half beside one busy process, and burn the idle CPU.
    extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
  };
}

class NativeModel implements LoadedModel {
  readonly manifest: ModelManifest;
  readonly backend = 'native';
  readonly threads: number;
  readonly runtime: string;
  readonly #ort: OrtNative;
  readonly #session: InferenceSession;
  readonly #kv: readonly KvTensor[];

  constructor(ort: OrtNative, session: InferenceSession, manifest: ModelManifest, threads: number) {
    this.#ort = ort;
    this.#session = session;
    this.manifest = manifest;
    this.threads = threads;
    this.#kv = kvTensors(manifest.architecture);
    this.runtime = `onnxruntime-node ${ort.env.versions.node ?? 'unknown'}`;
  }

  createKvBuffer(capacity: number): KvBuffer {
    return new NativeKvBuffer(this.#ort.Tensor, this.manifest.architecture, capacity);
  }

  async forward(kv: KvBuffer, past: number, tokens: readonly number[], rows: number): Promise<Float32Array> {
    if (!(kv instanceof NativeKvBuffer)) throw new TypeError('A KV buffer of another backend.');
    checkForward(this.manifest.architecture, kv.capacity, past, tokens, rows);
    const { architecture } = this.manifest;
    const reaches = spans(architecture, past, tokens.length);
    const feeds = this.#inputs(past, tokens, rows, reaches);
    const fetches: Record<string, Tensor | null> = { logits: null };
    for (const [index, tensor] of kv.past(reaches).entries()) feeds[this.#kv[index]!.past] = tensor;
    // Tensors over the buffer's own memory: the new rows are written where they belong.
    for (const [index, tensor] of kv.rows(past, tokens.length).entries())
      fetches[this.#kv[index]!.present] = tensor;
    try {
      const { logits } = await this.#session.run(feeds, fetches);
      if (!(logits?.data instanceof Float32Array))
        throw new TypeError('The graph has no float32 output "logits".');
      return logits.data;
    } catch (error) {
      throw runError(this.manifest.name, error);
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
    const { Tensor: TensorClass } = this.#ort;
    const int64 = (values: readonly number[], dims: readonly number[]): Tensor =>
      new TensorClass('int64', BigInt64Array.from(values, BigInt), dims);
    const count = tokens.length;
    const inputs: Record<string, Tensor> = {
      input_ids: int64(tokens, [1, count]),
      positions: int64(positionsFrom(past, count), [1, count]),
      logits_rows: int64([rows], [1]),
    };
    for (const { reach, rows: before, mask } of reaches) {
      inputs[maskName(reach)] = new TensorClass('float32', mask, [count, before + count]);
      inputs[splitName(reach)] = int64([before, count], [2]);
    }
    return inputs;
  }
}
