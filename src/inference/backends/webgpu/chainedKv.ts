import type { Tensor } from 'onnxruntime-common';
import type { Architecture } from '../../model/architecture.ts';
import { checkCapacity, kvBytes, type KvTensor, kvTensors } from '../../model/graphInterface.ts';
import type { KvBuffer } from '../backend.ts';

/** The first `length` rows of a cache on the GPU, [rows, kvHeads, headDim]. */
export type ReadRows = (cache: Tensor, length: number) => Promise<Float32Array>;

/** A cache that several buffers may hold: nothing ever writes into it. */
interface Shared {
  readonly tensor: Tensor;
  owners: number;
}

/**
 * KV on the GPU as a chain: each run makes the next cache out of the last one, and a copy is another owner of the same
 * tensors. The public interface of ONNX Runtime can neither write into a tensor on the GPU nor cut one, and the native
 * library computes wrong results, without an error, when past and present are the same tensor.
 */
export class ChainedKv implements KvBuffer {
  readonly capacity: number;
  readonly bytes: number;
  readonly #tensors: readonly KvTensor[];
  readonly #TensorClass: typeof Tensor;
  readonly #read: ReadRows;
  readonly #caches: Shared[];
  /** Rows of the caches that count. */
  #rows = 0;

  constructor(TensorClass: typeof Tensor, read: ReadRows, architecture: Architecture, capacity: number) {
    checkCapacity(architecture, capacity);
    this.capacity = capacity;
    this.bytes = kvBytes(architecture, capacity);
    this.#tensors = kvTensors(architecture);
    this.#TensorClass = TensorClass;
    this.#read = read;
    // Graphs need a row of the past even when there is none; nobody sees it.
    this.#caches = this.#tensors.map((tensor) => this.#share(tensor, new Float32Array(tensor.rowLength)));
  }

  /** Rows written so far: a run keeps those that it doesn't replace. */
  get rows(): number {
    return this.#rows;
  }

  /** In the order of `kvTensors`. */
  get caches(): readonly Tensor[] {
    return this.#caches.map(({ tensor }) => tensor);
  }

  /** Takes over what a run made of the caches. */
  accept(caches: readonly Tensor[], rows: number): void {
    for (const [part, tensor] of caches.entries()) this.#replace(part, { tensor, owners: 0 });
    this.#rows = rows;
  }

  copyTo(target: KvBuffer, length: number): void {
    if (!(target instanceof ChainedKv)) throw new TypeError('KV buffers of different backends.');
    if (length > this.capacity || length > target.capacity) {
      throw new RangeError(`${length} positions don't fit the KV buffers.`);
    }
    for (const [part, shared] of this.#caches.entries()) target.#replace(part, shared);
    target.#rows = length;
  }

  async readPart(part: number, length: number): Promise<Float32Array> {
    if (length > this.capacity) throw new RangeError(`${length} positions don't fit the KV buffer.`);
    const values = new Float32Array(length * this.#tensors[part]!.rowLength);
    if (length > 0) values.set(await this.#read(this.#caches[part]!.tensor, length));
    return values;
  }

  writePart(part: number, rows: Float32Array): void {
    const tensor = this.#tensors[part]!;
    const length = rows.length / tensor.rowLength;
    if (length > this.capacity) throw new RangeError(`${length} positions don't fit the KV buffer.`);
    if (length > 0) this.#replace(part, this.#share(tensor, rows.slice()));
    this.#rows = length;
  }

  dispose(): void {
    for (const shared of this.#caches.splice(0)) release(shared);
  }

  #replace(part: number, next: Shared): void {
    next.owners++;
    const last = this.#caches[part];
    this.#caches[part] = next;
    if (last !== undefined) release(last);
  }

  #share({ kvHeads, headDim, rowLength }: KvTensor, rows: Float32Array): Shared {
    const tensor = new this.#TensorClass('float32', rows, [rows.length / rowLength, kvHeads, headDim]);
    return { tensor, owners: 0 };
  }
}

function release(shared: Shared): void {
  shared.owners--;
  if (shared.owners <= 0) shared.tensor.dispose();
}
