import type { Tensor } from 'onnxruntime-common';
import type { Architecture } from '../model/architecture.ts';
import type { KvBuffer } from './backend.ts';
import { checkCapacity, kvBytes } from './graphInterface.ts';

/**
 * Positions a run's tensors are rounded up to. The runtime writes new rows in place but returns a copy of every
 * tensor it was given, so a step costs as much as the tensors are long: at 18 layers × 256, 20 ms with 256 positions
 * and 43 ms with 2,048.
 */
const BUCKET = 64;

/**
 * Per layer and side one array for the whole capacity. Its front holds [kvHeads, stride, headDim] contiguously,
 * where the stride grows by buckets: with one KV head growing moves nothing, with more the heads are moved apart.
 */
export class NativeKvBuffer implements KvBuffer {
  readonly capacity: number;
  readonly bytes: number;
  readonly #heads: number;
  readonly #headDim: number;
  readonly #TensorClass: typeof Tensor;
  #arrays: Float32Array[];
  #tensors: Tensor[] = [];
  #stride = 0;

  constructor(TensorClass: typeof Tensor, architecture: Architecture, capacity: number) {
    checkCapacity(architecture, capacity);
    this.capacity = capacity;
    this.bytes = kvBytes(architecture, capacity);
    this.#heads = architecture.kvHeads;
    this.#headDim = architecture.headDim;
    this.#TensorClass = TensorClass;
    const length = this.#heads * capacity * this.#headDim;
    this.#arrays = Array.from({ length: 2 * architecture.layers }, () => new Float32Array(length));
  }

  /** Tensors [1, kvHeads, P, headDim] over this buffer's memory, P ≥ `positions`, in the order of `pastNames`. */
  tensors(positions: number): readonly Tensor[] {
    const bucket = Math.min(this.capacity, Math.ceil(positions / BUCKET) * BUCKET);
    // One head has no stride to keep, so a rewound sequence gets its short tensors back.
    const stride = this.#heads === 1 ? bucket : Math.max(bucket, this.#stride);
    if (stride !== this.#stride) this.#restride(stride);
    return this.#tensors;
  }

  copyTo(target: KvBuffer, length: number): void {
    if (!(target instanceof NativeKvBuffer)) throw new TypeError('KV buffers of different backends.');
    if (length > this.capacity || length > target.capacity) {
      throw new RangeError(`${length} positions don't fit the KV buffers.`);
    }
    if (length === 0) return;
    target.tensors(length);
    const rows = length * this.#headDim;
    this.#arrays.forEach((source, index) => {
      for (let head = 0; head < this.#heads; head++) {
        const from = head * this.#stride * this.#headDim;
        target.#arrays[index]!.set(source.subarray(from, from + rows), head * target.#stride * this.#headDim);
      }
    });
  }

  dispose(): void {
    this.#arrays = [];
    this.#tensors = [];
  }

  #restride(stride: number): void {
    const rows = this.#stride * this.#headDim;
    for (const array of this.#arrays) {
      // From the last head down: each moves up, into room its successor has left.
      for (let head = this.#heads - 1; head > 0; head--) {
        array.copyWithin(head * stride * this.#headDim, head * rows, (head + 1) * rows);
      }
    }
    this.#stride = stride;
    const length = this.#heads * stride * this.#headDim;
    this.#tensors = this.#arrays.map(
      (array) =>
        new this.#TensorClass('float32', array.subarray(0, length), [1, this.#heads, stride, this.#headDim]),
    );
  }
}
