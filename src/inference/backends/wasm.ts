import type { ModelManifest } from '../model/modelManifest.ts';
import type { Backend, KvBuffer, LoadedModel, LoadOptions } from './backend.ts';
import { checkForward, pastNames, presentNames } from './graphInterface.ts';
import { readModelFile } from './modelFiles.ts';
import { loadError, runError } from './ortError.ts';
import { WasmKvBuffer } from './wasmKvBuffer.ts';
import { allocate, createTensor, heap, INT32, INT64, tensorData } from './wasmMemory.ts';
import { dropOrtWasm, loadOrtWasm, type OrtWasm, ortWasmFolder } from './wasmModule.ts';
import { WasmSession } from './wasmSession.ts';

/**
 * ONNX Runtime in WebAssembly: slower than the native library, but it runs on every machine.
 *
 * @param folder holds onnxruntime-web's `ort-wasm-simd-threaded.{mjs,wasm}`
 */
export function createWasmBackend(folder?: string): Backend {
  return {
    name: 'wasm',
    async load(modelFolder, manifest, options) {
      const graph = await readModelFile(modelFolder, manifest.graph);
      const weights = new Map<string, Uint8Array>();
      for (const file of manifest.weights) weights.set(file.name, await readModelFile(modelFolder, file));
      return createModel(
        await loadOrtWasm(options.threads, folder ?? ortWasmFolder()),
        graph,
        weights,
        manifest,
        options,
      );
    },
    async loadGraph(graph, manifest, options) {
      return createModel(
        await loadOrtWasm(options.threads, folder ?? ortWasmFolder()),
        graph,
        new Map(),
        manifest,
        options,
      );
    },
  };
}

async function createModel(
  ort: OrtWasm,
  graph: Uint8Array,
  weights: ReadonlyMap<string, Uint8Array>,
  manifest: ModelManifest,
  { threads }: LoadOptions,
): Promise<LoadedModel> {
  try {
    return new WasmModel(ort, graph, weights, manifest, threads);
  } catch (error) {
    await dropIfTrapped(ort, error);
    throw loadError(manifest.name, error);
  }
}

/** Bytes of the three scalar inputs, 8 each so that the int64 one is aligned. */
const SCALAR_BYTES = 24;

class WasmModel implements LoadedModel {
  readonly manifest: ModelManifest;
  readonly backend = 'wasm';
  readonly threads: number;
  readonly #ort: OrtWasm;
  readonly #session: WasmSession;
  /** Heap memory of seqlens_k, total_sequence_length and logits_rows, and the OrtValues over it. */
  readonly #scalars: number;
  readonly #scalarTensors: readonly number[];

  constructor(
    ort: OrtWasm,
    graph: Uint8Array,
    weights: ReadonlyMap<string, Uint8Array>,
    manifest: ModelManifest,
    threads: number,
  ) {
    this.#ort = ort;
    this.manifest = manifest;
    this.threads = threads;
    const { layers } = manifest.architecture;
    this.#session = new WasmSession(
      ort,
      graph,
      weights,
      ['input_ids', 'seqlens_k', 'total_sequence_length', 'logits_rows', ...pastNames(layers)],
      ['logits', ...presentNames(layers)],
    );
    this.#scalars = allocate(ort, SCALAR_BYTES);
    this.#scalarTensors = [
      createTensor(ort, INT32, this.#scalars, 4, [1]),
      createTensor(ort, INT32, this.#scalars + 8, 4, []),
      createTensor(ort, INT64, this.#scalars + 16, 8, [1]),
    ];
  }

  createKvBuffer(capacity: number): KvBuffer {
    try {
      return new WasmKvBuffer(this.#ort, this.manifest.architecture, capacity);
    } catch (error) {
      if (error instanceof RangeError) throw error;
      throw runError(this.manifest.name, error);
    }
  }

  async forward(kv: KvBuffer, past: number, tokens: readonly number[], rows: number): Promise<Float32Array> {
    if (!(kv instanceof WasmKvBuffer)) throw new TypeError('A KV buffer of another backend.');
    checkForward(this.manifest.architecture, kv, past, tokens, rows);
    try {
      return this.#run(kv, past + tokens.length, tokens, rows);
    } catch (error) {
      await dropIfTrapped(this.#ort, error);
      throw runError(this.manifest.name, error);
    }
  }

  async dispose(): Promise<void> {
    this.#session.dispose();
    for (const tensor of this.#scalarTensors) this.#ort._OrtReleaseTensor(tensor);
    this.#ort._free(this.#scalars);
  }

  #run(kv: WasmKvBuffer, total: number, tokens: readonly number[], rows: number): Float32Array {
    const ort = this.#ort;
    ort.setValue(this.#scalars, total - 1, 'i32');
    ort.setValue(this.#scalars + 8, total, 'i32');
    ort.setValue(this.#scalars + 16, rows, 'i64');
    const bytes = tokens.length * BigInt64Array.BYTES_PER_ELEMENT;
    const ids = allocate(ort, bytes);
    let idsTensor = 0;
    let logits = 0;
    try {
      tokens.forEach((token, index) => ort.setValue(ids + 8 * index, token, 'i64'));
      idsTensor = createTensor(ort, INT64, ids, bytes, [1, tokens.length]);
      // The same OrtValues as past and present: attention appends in place.
      [logits = 0] = this.#session.run(
        [idsTensor, ...this.#scalarTensors, ...kv.tensors],
        [0, ...kv.tensors],
      );
      const data = tensorData(ort, logits);
      // A copy: the tensor goes back to the heap below, and a view would die when the heap grows.
      return new Float32Array(heap(ort).buffer, data, rows * this.manifest.architecture.vocabSize).slice();
    } finally {
      if (logits !== 0) ort._OrtReleaseTensor(logits);
      if (idsTensor !== 0) ort._OrtReleaseTensor(idsTensor);
      ort._free(ids);
    }
  }
}

/** A trap (unlike an error code) leaves the module unusable; the next load starts a new one. */
async function dropIfTrapped(ort: OrtWasm, error: unknown): Promise<void> {
  if (error instanceof Error && error.name === 'RuntimeError') await dropOrtWasm(ort);
}
