import {
  allocate,
  allocateString,
  check,
  handle,
  pointerArrayBytes,
  readPointer,
  writePointers,
} from './wasmMemory.ts';
import { ORT_LOG_FATAL, type OrtWasm } from './wasmModule.ts';

/** ORT_ENABLE_ALL of GraphOptimizationLevel. */
const OPTIMIZE_ALL = 99;
const SEQUENTIAL = 0;

/** An OrtSession with fixed lists of inputs and outputs; owns everything it allocated. */
export class WasmSession {
  readonly #ort: OrtWasm;
  readonly #session: number;
  readonly #runOptions: number;
  readonly #inputCount: number;
  readonly #outputCount: number;
  readonly #inputNames: number;
  readonly #outputNames: number;
  readonly #inputs: number;
  readonly #outputs: number;
  readonly #allocated: number[] = [];

  /**
   * @param weights external data by file name; copied into the heap, so the caller may drop it afterwards
   * @throws Error with ONNX Runtime's message
   */
  constructor(
    ort: OrtWasm,
    graph: Uint8Array,
    weights: ReadonlyMap<string, Uint8Array>,
    inputs: readonly string[],
    outputs: readonly string[],
  ) {
    this.#ort = ort;
    this.#session = createSession(ort, graph, weights);
    try {
      this.#runOptions = handle(ort, ort._OrtCreateRunOptions(ORT_LOG_FATAL, 0, 0, 0), 'create run options');
      this.#inputCount = inputs.length;
      this.#outputCount = outputs.length;
      this.#inputNames = this.#names(inputs);
      this.#outputNames = this.#names(outputs);
      this.#inputs = this.#own(allocate(ort, pointerArrayBytes(inputs.length)));
      this.#outputs = this.#own(allocate(ort, pointerArrayBytes(outputs.length)));
    } catch (error) {
      for (const pointer of this.#allocated) ort._free(pointer);
      ort._OrtReleaseSession(this.#session);
      throw error;
    }
  }

  /**
   * @param inputs OrtValues in the order of the constructor's input names
   * @param outputs OrtValues to write into; 0: let ONNX Runtime allocate
   * @returns the outputs; those that were 0 belong to the caller now
   */
  run(inputs: readonly number[], outputs: readonly number[]): number[] {
    const ort = this.#ort;
    writePointers(ort, this.#inputs, inputs);
    writePointers(ort, this.#outputs, outputs);
    const code = ort._OrtRun(
      this.#session,
      this.#inputNames,
      this.#inputs,
      this.#inputCount,
      this.#outputNames,
      this.#outputCount,
      this.#outputs,
      this.#runOptions,
    );
    check(ort, code, 'run the graph');
    return outputs.map((_, index) => readPointer(ort, this.#outputs, index));
  }

  dispose(): void {
    this.#ort._OrtReleaseSession(this.#session);
    this.#ort._OrtReleaseRunOptions(this.#runOptions);
    for (const pointer of this.#allocated.splice(0)) this.#ort._free(pointer);
  }

  #names(names: readonly string[]): number {
    const array = this.#own(allocate(this.#ort, pointerArrayBytes(names.length)));
    const pointers = names.map((name) => this.#own(allocateString(this.#ort, name)));
    writePointers(this.#ort, array, pointers);
    return array;
  }

  #own(pointer: number): number {
    this.#allocated.push(pointer);
    return pointer;
  }
}

function createSession(ort: OrtWasm, graph: Uint8Array, weights: ReadonlyMap<string, Uint8Array>): number {
  const options = handle(
    ort,
    // No arena and no memory pattern: both keep memory per input shape, and neither makes a step faster.
    ort._OrtCreateSessionOptions(OPTIMIZE_ALL, 0, 0, SEQUENTIAL, 0, 0, 0, ORT_LOG_FATAL, 0, 0),
    'create session options',
  );
  let bytes = 0;
  try {
    bytes = allocate(ort, graph.length);
    ort.HEAPU8.set(graph, bytes);
    for (const [name, data] of weights) ort.mountExternalData(name, data);
    return handle(ort, ort._OrtCreateSession(bytes, graph.length, options), 'create a session');
  } finally {
    ort.unmountExternalData();
    ort._free(bytes);
    ort._OrtReleaseSessionOptions(options);
  }
}
