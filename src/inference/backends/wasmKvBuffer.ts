import type { Architecture } from '../model/architecture.ts';
import { checkCapacity, kvBytes, rowLength } from '../model/graphInterface.ts';
import type { KvBuffer } from './backend.ts';
import { allocate, createTensor, FLOAT32, heap } from './wasmMemory.ts';
import type { OrtWasm } from './wasmModule.ts';

/** One block of the WebAssembly heap: per layer and side [capacity, kvHeads, headDim], read and written in place. */
export class WasmKvBuffer implements KvBuffer {
  readonly capacity: number;
  readonly bytes: number;
  readonly #ort: OrtWasm;
  readonly #architecture: Architecture;
  readonly #rowBytes: number;
  #block: number;

  constructor(ort: OrtWasm, architecture: Architecture, capacity: number) {
    checkCapacity(architecture, capacity);
    this.capacity = capacity;
    this.bytes = kvBytes(architecture, capacity);
    this.#ort = ort;
    this.#architecture = architecture;
    this.#rowBytes = rowLength(architecture) * Float32Array.BYTES_PER_ELEMENT;
    this.#block = allocate(ort, this.bytes);
    const memory = heap(ort);
    for (let index = 0; index < 2 * architecture.layers; index++) {
      // With nothing before it a run is given row 0, unseen; it has to hold numbers: weight 0 times NaN is NaN.
      const start = this.#block + index * capacity * this.#rowBytes;
      memory.fill(0, start, start + this.#rowBytes);
    }
  }

  /**
   * An OrtValue over rows `first` … `first + count − 1`; the caller releases it.
   *
   * @param index of the tensor, in the order of `pastNames`
   */
  rows(index: number, first: number, count: number): number {
    const { kvHeads, headDim } = this.#architecture;
    const data = this.#block + (index * this.capacity + first) * this.#rowBytes;
    return createTensor(this.#ort, FLOAT32, data, count * this.#rowBytes, [count, kvHeads, headDim]);
  }

  copyTo(target: KvBuffer, length: number): void {
    if (!(target instanceof WasmKvBuffer)) throw new TypeError('KV buffers of different backends.');
    if (length > this.capacity || length > target.capacity) {
      throw new RangeError(`${length} positions don't fit the KV buffers.`);
    }
    const from = heap(this.#ort);
    const to = heap(target.#ort);
    for (let index = 0; index < 2 * this.#architecture.layers; index++) {
      const start = this.#block + index * this.capacity * this.#rowBytes;
      to.set(
        from.subarray(start, start + length * this.#rowBytes),
        target.#block + index * target.capacity * this.#rowBytes,
      );
    }
  }

  async readPart(part: number, length: number): Promise<Float32Array> {
    return this.#values(part, length * rowLength(this.#architecture)).slice();
  }

  writePart(part: number, rows: Float32Array): void {
    this.#values(part, rows.length).set(rows);
  }

  dispose(): void {
    if (this.#block !== 0) this.#ort._free(this.#block);
    this.#block = 0;
  }

  /** The first `count` values of a part, where they lie until the heap grows. */
  #values(part: number, count: number): Float32Array {
    const bytes = this.capacity * this.#rowBytes;
    if (count * Float32Array.BYTES_PER_ELEMENT > bytes) {
      throw new RangeError(`${count / rowLength(this.#architecture)} positions don't fit the KV buffer.`);
    }
    return new Float32Array(heap(this.#ort).buffer, this.#block + part * bytes, count);
  }
}
