import type { Tensor } from 'onnxruntime-common';
import type { Architecture } from '../model/architecture.ts';
import { checkCapacity, kvBytes, reachOf, rowLength, type Span } from '../model/graphInterface.ts';
import type { KvBuffer } from './backend.ts';

/** Per layer and side one array [capacity, kvHeads, headDim], of which runs read and write pieces in place. */
export class NativeKvBuffer implements KvBuffer {
  readonly capacity: number;
  readonly bytes: number;
  readonly #architecture: Architecture;
  readonly #TensorClass: typeof Tensor;
  #arrays: Float32Array[];

  constructor(TensorClass: typeof Tensor, architecture: Architecture, capacity: number) {
    checkCapacity(architecture, capacity);
    this.capacity = capacity;
    this.bytes = kvBytes(architecture, capacity);
    this.#architecture = architecture;
    this.#TensorClass = TensorClass;
    const length = capacity * rowLength(architecture);
    this.#arrays = Array.from({ length: 2 * architecture.layers }, () => new Float32Array(length));
  }

  /** What each layer may see of the past, in the order of `pastNames`. */
  past(reaches: readonly Span[]): Tensor[] {
    const byReach = new Map(reaches.map((span) => [span.reach, span]));
    return this.#arrays.map((array, index) => {
      const { first, rows } = byReach.get(reachOf(this.#architecture.attention[index >> 1]!))!;
      return this.#piece(array, first, rows);
    });
  }

  /** Rows `first` … `first + count − 1` of every layer, in the order of `presentNames`. */
  rows(first: number, count: number): Tensor[] {
    return this.#arrays.map((array) => this.#piece(array, first, count));
  }

  copyTo(target: KvBuffer, length: number): void {
    if (!(target instanceof NativeKvBuffer)) throw new TypeError('KV buffers of different backends.');
    if (length > this.capacity || length > target.capacity) {
      throw new RangeError(`${length} positions don't fit the KV buffers.`);
    }
    const values = length * rowLength(this.#architecture);
    this.#arrays.forEach((source, index) => target.#arrays[index]!.set(source.subarray(0, values)));
  }

  async readPart(part: number, length: number): Promise<Float32Array> {
    if (length > this.capacity) throw new RangeError(`${length} positions don't fit the KV buffer.`);
    return this.#arrays[part]!.slice(0, length * rowLength(this.#architecture));
  }

  writePart(part: number, rows: Float32Array): void {
    this.#arrays[part]!.set(rows);
  }

  dispose(): void {
    this.#arrays = [];
  }

  #piece(array: Float32Array, first: number, count: number): Tensor {
    const { kvHeads, headDim } = this.#architecture;
    const length = rowLength(this.#architecture);
    const data = array.subarray(first * length, (first + count) * length);
    return new this.#TensorClass('float32', data, [count, kvHeads, headDim]);
  }
}
