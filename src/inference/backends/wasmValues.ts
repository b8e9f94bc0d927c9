import { allocate, createTensor, FLOAT32, heap, INT64 } from './wasmMemory.ts';
import type { OrtWasm } from './wasmModule.ts';

/** OrtValues of one run and the memory of ours that they look at; disposing gives back both. */
export class WasmValues implements Disposable {
  readonly #ort: OrtWasm;
  readonly #tensors: number[] = [];
  readonly #blocks: number[] = [];

  constructor(ort: OrtWasm) {
    this.#ort = ort;
  }

  int64(values: readonly number[], dims: readonly number[]): number {
    const data = this.#allocate(values.length * BigInt64Array.BYTES_PER_ELEMENT);
    values.forEach((value, index) =>
      this.#ort.setValue(data + BigInt64Array.BYTES_PER_ELEMENT * index, value, 'i64'),
    );
    const bytes = values.length * BigInt64Array.BYTES_PER_ELEMENT;
    return this.own(createTensor(this.#ort, INT64, data, bytes, dims));
  }

  float32(values: Float32Array, dims: readonly number[]): number {
    const data = this.#allocate(values.byteLength);
    new Float32Array(heap(this.#ort).buffer, data, values.length).set(values);
    return this.own(createTensor(this.#ort, FLOAT32, data, values.byteLength, dims));
  }

  /** Takes over an OrtValue. @returns it */
  own(tensor: number): number {
    this.#tensors.push(tensor);
    return tensor;
  }

  [Symbol.dispose](): void {
    for (const tensor of this.#tensors) this.#ort._OrtReleaseTensor(tensor);
    for (const block of this.#blocks) this.#ort._free(block);
  }

  #allocate(bytes: number): number {
    const block = allocate(this.#ort, bytes);
    this.#blocks.push(block);
    return block;
  }
}
