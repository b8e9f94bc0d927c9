import type { Architecture } from '../model/architecture.ts';
import type { KvBuffer } from './backend.ts';
import { checkCapacity, kvBytes } from './graphInterface.ts';
import { allocate, createTensor, FLOAT32, heap } from './wasmMemory.ts';
import type { OrtWasm } from './wasmModule.ts';

/**
 * One block of the WebAssembly heap with an OrtValue per layer and side, each [1, kvHeads, capacity, headDim].
 * The same OrtValues are input and output of a run, so nothing is ever copied, whatever the capacity.
 */
export class WasmKvBuffer implements KvBuffer {
  readonly capacity: number;
  readonly bytes: number;
  readonly #ort: OrtWasm;
  readonly #heads: number;
  readonly #rowBytes: number;
  readonly #tensorBytes: number;
  readonly #tensors: number[] = [];
  #block: number;

  constructor(ort: OrtWasm, architecture: Architecture, capacity: number) {
    checkCapacity(architecture, capacity);
    const { kvHeads, headDim, layers } = architecture;
    this.capacity = capacity;
    this.bytes = kvBytes(architecture, capacity);
    this.#ort = ort;
    this.#heads = kvHeads;
    this.#rowBytes = headDim * Float32Array.BYTES_PER_ELEMENT;
    this.#tensorBytes = kvHeads * capacity * this.#rowBytes;
    this.#block = allocate(ort, this.bytes);
    const dims = [1, kvHeads, capacity, headDim];
    try {
      for (let index = 0; index < 2 * layers; index++) {
        const data = this.#block + index * this.#tensorBytes;
        this.#tensors.push(createTensor(ort, FLOAT32, data, this.#tensorBytes, dims));
      }
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** OrtValues in the order of `pastNames`. */
  get tensors(): readonly number[] {
    return this.#tensors;
  }

  copyTo(target: KvBuffer, length: number): void {
    if (!(target instanceof WasmKvBuffer)) throw new TypeError('KV buffers of different backends.');
    if (length > this.capacity || length > target.capacity) {
      throw new RangeError(`${length} positions don't fit the KV buffers.`);
    }
    const from = heap(this.#ort);
    const to = heap(target.#ort);
    for (let head = 0; head < this.#tensors.length * this.#heads; head++) {
      const start = this.#block + head * this.capacity * this.#rowBytes;
      to.set(
        from.subarray(start, start + length * this.#rowBytes),
        target.#block + head * target.capacity * this.#rowBytes,
      );
    }
  }

  dispose(): void {
    if (this.#block === 0) return;
    for (const tensor of this.#tensors.splice(0)) this.#ort._OrtReleaseTensor(tensor);
    this.#ort._free(this.#block);
    this.#block = 0;
  }
}
