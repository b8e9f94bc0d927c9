import type { Tensor } from 'onnxruntime-common';
import type { Architecture } from '../model/architecture.ts';
import { checkCapacity, kvBytes, type KvTensor, kvTensors, type Span } from '../model/graphInterface.ts';
import type { KvBuffer } from './backend.ts';

/** Of every KV tensor one array [capacity, kvHeads, headDim], of which runs read and write pieces in place. */
export class NativeKvBuffer implements KvBuffer {
  readonly capacity: number;
  readonly bytes: number;
  readonly #tensors: readonly KvTensor[];
  readonly #TensorClass: typeof Tensor;
  #arrays: Float32Array[];

  constructor(TensorClass: typeof Tensor, architecture: Architecture, capacity: number) {
    checkCapacity(architecture, capacity);
    this.capacity = capacity;
    this.bytes = kvBytes(architecture, capacity);
    this.#tensors = kvTensors(architecture);
    this.#TensorClass = TensorClass;
    this.#arrays = this.#tensors.map(({ rowLength }) => new Float32Array(capacity * rowLength));
  }

  /** What may be seen of the past, in the order of `kvTensors`. */
  past(reaches: readonly Span[]): Tensor[] {
    const byReach = new Map(reaches.map((span) => [span.reach, span]));
    return this.#tensors.map(({ reach }, index) => {
      const { first, rows } = byReach.get(reach)!;
      return this.#piece(index, first, rows);
    });
  }

  /** Rows `first` … `first + count − 1`, in the order of `kvTensors`. */
  rows(first: number, count: number): Tensor[] {
    return this.#tensors.map((_, index) => this.#piece(index, first, count));
  }

  copyTo(target: KvBuffer, length: number): void {
    if (!(target instanceof NativeKvBuffer)) throw new TypeError('KV buffers of different backends.');
    if (length > this.capacity || length > target.capacity) {
      throw new RangeError(`${length} positions don't fit the KV buffers.`);
    }
    this.#tensors.forEach(({ rowLength }, index) => {
      target.#arrays[index]!.set(this.#arrays[index]!.subarray(0, length * rowLength));
    });
  }

  async readPart(part: number, length: number): Promise<Float32Array> {
    if (length > this.capacity) throw new RangeError(`${length} positions don't fit the KV buffer.`);
    return this.#arrays[part]!.slice(0, length * this.#tensors[part]!.rowLength);
  }

  writePart(part: number, rows: Float32Array): void {
    this.#arrays[part]!.set(rows);
  }

  dispose(): void {
    this.#arrays = [];
  }

  #piece(index: number, first: number, count: number): Tensor {
    const { kvHeads, headDim, rowLength } = this.#tensors[index]!;
    const data = this.#arrays[index]!.subarray(first * rowLength, (first + count) * rowLength);
    return new this.#TensorClass('float32', data, [count, kvHeads, headDim]);
  }
}
