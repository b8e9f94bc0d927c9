import type { OrtWasm } from './wasmModule.ts';

/** ONNX's TensorProto.DataType. */
export const FLOAT32 = 1;
export const INT64 = 7;
/** OrtWasm's enumeration of tensor locations. */
const LOCATION_CPU = 1;
const POINTER_BYTES = 4;

/** `bytes` of heap. @throws Error "failed to allocate" */
export function allocate(ort: OrtWasm, bytes: number): number {
  const pointer = ort._malloc(bytes);
  if (pointer === 0) throw new Error(`failed to allocate ${bytes} bytes of WebAssembly memory`);
  return pointer;
}

/** A zero-terminated UTF-8 copy of `text`. */
export function allocateString(ort: OrtWasm, text: string): number {
  const bytes = ort.lengthBytesUTF8(text) + 1;
  const pointer = allocate(ort, bytes);
  ort.stringToUTF8(text, pointer, bytes);
  return pointer;
}

export function writePointers(ort: OrtWasm, array: number, pointers: readonly number[]): void {
  pointers.forEach((pointer, index) => ort.setValue(array + index * POINTER_BYTES, pointer, '*'));
}

export function readPointer(ort: OrtWasm, array: number, index: number): number {
  return ort.getValue(array + index * POINTER_BYTES, '*');
}

/** Bytes of an array of `length` pointers. */
export function pointerArrayBytes(length: number): number {
  return length * POINTER_BYTES;
}

/** The heap as it is now. Reading a value first makes Emscripten notice growth by another thread. */
export function heap(ort: OrtWasm): Uint8Array {
  ort.getValue(0, 'i8');
  return ort.HEAPU8;
}

/** An OrtValue over memory of ours; release it with `_OrtReleaseTensor`, then free the memory. */
export function createTensor(
  ort: OrtWasm,
  type: number,
  data: number,
  bytes: number,
  dims: readonly number[],
): number {
  const stack = ort.stackSave();
  try {
    const dimsPointer = ort.stackAlloc(pointerArrayBytes(Math.max(1, dims.length)));
    dims.forEach((dim, index) => ort.setValue(dimsPointer + index * 4, dim, 'i32'));
    const tensor = ort._OrtCreateTensor(type, data, bytes, dimsPointer, dims.length, LOCATION_CPU);
    return handle(ort, tensor, 'create a tensor');
  } finally {
    ort.stackRestore(stack);
  }
}

/** Address of a tensor's elements. */
export function tensorData(ort: OrtWasm, tensor: number): number {
  const stack = ort.stackSave();
  try {
    const out = ort.stackAlloc(pointerArrayBytes(4));
    check(ort, ort._OrtGetTensorData(tensor, out, out + 4, out + 8, out + 12), 'read a tensor');
    ort._OrtFree(readPointer(ort, out, 2));
    return readPointer(ort, out, 1);
  } finally {
    ort.stackRestore(stack);
  }
}

/** @throws Error with ONNX Runtime's own message unless `code` is 0 */
export function check(ort: OrtWasm, code: number, what: string): void {
  if (code !== 0) throw lastError(ort, what);
}

/** `value` as an unsigned handle: above 2 GiB the module returns negative numbers. @throws Error when it is 0 */
export function handle(ort: OrtWasm, value: number, what: string): number {
  if (value === 0) throw lastError(ort, what);
  return value >>> 0;
}

function lastError(ort: OrtWasm, what: string): Error {
  const stack = ort.stackSave();
  try {
    const out = ort.stackAlloc(pointerArrayBytes(2));
    ort._OrtGetLastError(out, out + 4);
    const message = readPointer(ort, out, 1);
    return new Error(
      `ONNX Runtime could not ${what}: ${message === 0 ? 'no reason given' : ort.UTF8ToString(message)}`,
    );
  } finally {
    ort.stackRestore(stack);
  }
}
