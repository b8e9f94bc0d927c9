import type { Architecture } from '../model/architecture.ts';
import { checkCapacity, kvBytes, kvTensors } from '../model/graphInterface.ts';
import type { KvBuffer } from './backend.ts';
import { allocate, createTensor, FLOAT32, heap } from './wasmMemory.ts';
import type { OrtWasm } from './wasmModule.ts';

interface Place {
  /** Bytes from the start of the block. */
  readonly offset: number;
  readonly rowBytes: number;
  readonly rowDims: readonly number[];
}

/** One block of the WebAssembly heap: every KV tensor as [capacity, kvHeads, headDim], read and written in place. */
export class WasmKvBuffer implements KvBuffer {
  readonly capacity: number;
  readonly bytes: number;
  readonly #ort: OrtWasm;
  readonly #places: readonly Place[];
  #block: number;

  constructor(ort: OrtWasm, architecture: Architecture, capacity: number) {
    checkCapacity(architecture, capacity);
    this.capacity = capacity;
    this.bytes = kvBytes(architecture, capacity);
    this.#ort = ort;
    let offset = 0;
    this.#places = kvTensors(architecture).map(({ kvHeads, headDim, rowLength }) => {
      const rowBytes = rowLength * Float32Array.BYTES_PER_ELEMENT;
      const place = { offset, rowBytes, rowDims: [kvHeads, headDim] };
      offset += capacity * rowBytes;
      return place;
    });
    this.#block = allocate(ort, this.bytes);
    const memory = heap(ort);
    for (const place of this.#places) {
      // With nothing before it a run is given row 0, unseen; it has to hold numbers: weight 0 times NaN is NaN.
      const start = this.#block + place.offset;
      memory.fill(0, start, start + place.rowBytes);
    }
  }

  /**
   * An OrtValue over rows `first` … `first + count − 1`; the caller releases it.
   *
   * @param index of the tensor, in the order of `kvTensors`
   */
  rows(index: number, first: number, count: number): number {
    const { offset, rowBytes, rowDims } = this.#places[index]!;
    const data = this.#block + offset + first * rowBytes;
    return createTensor(this.#ort, FLOAT32, data, count * rowBytes, [count, ...rowDims]);
  }

  copyTo(target: KvBuffer, length: number): void {
    if (!(target instanceof WasmKvBuffer)) throw new TypeError('KV buffers of different backends.');
    if (length > this.capacity || length > target.capacity) {
      throw new RangeError(`${length} positions don't fit the KV buffers.`);
    }
    const from = heap(this.#ort);
    const to = heap(target.#ort);
    for (const [index, { offset, rowBytes }] of this.#places.entries()) {
      const start = this.#block + offset;
      const end = start + length * rowBytes;
      to.set(from.subarray(start, end), target.#block + target.#places[index]!.offset);
    }
  }

  async readPart(part: number, length: number): Promise<Float32Array> {
    return this.#values(part, length * this.#places[part]!.rowBytes).slice();
  }

  writePart(part: number, rows: Float32Array): void {
    this.#values(part, rows.byteLength).set(rows);
  }

  dispose(): void {
    if (this.#block !== 0) this.#ort._free(this.#block);
    this.#block = 0;
  }

  /** The first `bytes` of a part, where they lie until the heap grows. */
  #values(part: number, bytes: number): Float32Array {
    const { offset, rowBytes } = this.#places[part]!;
    if (bytes > this.capacity * rowBytes) {
      throw new RangeError(`${bytes / rowBytes} positions don't fit the KV buffer.`);
    }
    const start = this.#block + offset;
    return new Float32Array(heap(this.#ort).buffer, start, bytes / Float32Array.BYTES_PER_ELEMENT);
  }
}
