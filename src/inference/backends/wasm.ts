import type { ModelManifest } from '../model/modelManifest.ts';
import type { Backend, KvBuffer, LoadedModel, LoadOptions } from './backend.ts';
import {
  checkForward,
  type KvTensor,
  kvTensors,
  maskName,
  positionsFrom,
  reachOf,
  spans,
  splitName,
} from '../model/graphInterface.ts';
import { readModelFile } from './modelFiles.ts';
import { loadError, runError } from './ortError.ts';
import { WasmKvBuffer } from './wasmKvBuffer.ts';
import { heap, tensorData } from './wasmMemory.ts';
import { dropOrtWasm, loadOrtWasm, ORT_WASM_RUNTIME, type OrtWasm, ortWasmFolder } from './wasmModule.ts';
import { WasmSession } from './wasmSession.ts';
import { WasmValues } from './wasmValues.ts';

/**
 * ONNX Runtime in WebAssembly: slower than the native library, but it runs on every machine.
 *
 * @param folder holds onnxruntime-web's `ort-wasm-simd-threaded.{mjs,wasm}`
 */
export function createWasmBackend(folder?: string): Backend {
  return {
    name: 'wasm',
    processor: 'cpu',
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

class WasmModel implements LoadedModel {
  readonly manifest: ModelManifest;
  readonly backend = 'wasm';
  readonly threads: number;
  readonly runtime = ORT_WASM_RUNTIME;
  readonly #ort: OrtWasm;
  readonly #session: WasmSession;
  readonly #kv: readonly KvTensor[];

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
    this.#kv = kvTensors(manifest.architecture);
    const reaches = [...new Set(manifest.architecture.attention.map(reachOf))];
    this.#session = new WasmSession(
      ort,
      graph,
      weights,
      [
        'input_ids',
        'positions',
        'logits_rows',
        ...reaches.flatMap((reach) => [maskName(reach), splitName(reach)]),
        ...this.#kv.map((tensor) => tensor.past),
      ],
      ['logits', ...this.#kv.map((tensor) => tensor.present)],
    );
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
    checkForward(this.manifest.architecture, kv.capacity, past, tokens, rows);
    try {
      return this.#run(kv, past, tokens, rows);
    } catch (error) {
      await dropIfTrapped(this.#ort, error);
      throw runError(this.manifest.name, error);
    }
  }

  async dispose(): Promise<void> {
    this.#session.dispose();
  }

  #run(kv: WasmKvBuffer, past: number, tokens: readonly number[], rows: number): Float32Array {
    const ort = this.#ort;
    const { architecture } = this.manifest;
    const count = tokens.length;
    using values = new WasmValues(ort);
    const inputs = [
      values.int64(tokens, [1, count]),
      values.int64(positionsFrom(past, count), [1, count]),
      values.int64([rows], [1]),
    ];
    const reaches = spans(architecture, past, count);
    for (const { rows: before, mask } of reaches) {
      inputs.push(values.float32(mask, [count, before + count]), values.int64([before, count], [2]));
    }
    const outputs = [0];
    for (const [index, { reach }] of this.#kv.entries()) {
      const { first, rows: before } = reaches.find((span) => span.reach === reach)!;
      inputs.push(values.own(kv.rows(index, first, before)));
      outputs.push(values.own(kv.rows(index, past, count)));
    }
    const [logits = 0] = this.#session.run(inputs, outputs);
    const data = tensorData(ort, values.own(logits));
    // A copy: the tensor goes back to the heap, and a view would die when the heap grows.
    return new Float32Array(heap(ort).buffer, data, rows * architecture.vocabSize).slice();
  }
}

/** A trap (unlike an error code) leaves the module unusable; the next load starts a new one. */
async function dropIfTrapped(ort: OrtWasm, error: unknown): Promise<void> {
  if (error instanceof Error && error.name === 'RuntimeError') await dropOrtWasm(ort);
}
