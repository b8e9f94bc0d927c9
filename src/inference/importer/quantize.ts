/** Matrices must divide into blocks of this many columns. */
export const SMALLEST_BLOCK = 32;

/**
 * Columns that share one scale: K-block of MatMulNBits and GatherBlockQuantized. ONNX Runtime's kernels take two thirds
 * of the time with blocks of 128 that they take with 32, for a row and for many; the embedded model loses 0.030 nats in
 * 4 bits instead of 0.024.
 */
export function blockSize(columns: number): number {
  return [128, 64].find((size) => columns % size === 0) ?? SMALLEST_BLOCK;
}

/** A block whose largest weight is below this (a subnormal float32 would be its scale) counts as zero. */
const SMALLEST = 1e-36;

/**
 * Blocks of weights with one scale each: weight ≈ (code − zero) · scale, zero = 2^(bits − 1). The weight of largest
 * magnitude, sign included, gets code 0, so the whole range of codes is used (as GGUF's Q4_0 does).
 *
 * @param values [rows, columns], columns divisible by `block`
 * @param codes [rows, columns · bits / 8]; for 4 bits the low nibble is the even column
 * @param scales [rows, columns / block]
 */
export function quantizeBlocks(
  values: Float32Array,
  block: number,
  bits: 4 | 8,
  codes: Uint8Array,
  scales: Float32Array,
): void {
  const zero = 1 << (bits - 1);
  const top = 2 * zero - 1;
  for (let index = 0; index < scales.length; index++) {
    const start = index * block;
    const end = start + block;
    let extreme = 0;
    for (let i = start; i < end; i++) {
      if (Math.abs(values[i]!) > Math.abs(extreme)) extreme = values[i]!;
    }
    const scale = Math.abs(extreme) < SMALLEST ? 0 : Math.fround(-extreme / zero);
    scales[index] = scale;
    const inverse = scale === 0 ? 0 : 1 / scale;
    // Every sum below is ≥ 0.5, so truncation rounds to nearest.
    const offset = zero + 0.5;
    if (bits === 8) {
      for (let i = start; i < end; i++) codes[i] = Math.min(top, (values[i]! * inverse + offset) | 0);
      continue;
    }
    for (let i = start; i < end; i += 2) {
      const low = Math.min(top, (values[i]! * inverse + offset) | 0);
      const high = Math.min(top, (values[i + 1]! * inverse + offset) | 0);
      codes[i >> 1] = low | (high << 4);
    }
  }
}

/**
 * One symmetric int8 scale a row: weight ≈ code · scale, codes −127 … 127.
 *
 * @param values [rows, columns]
 * @param codes [rows, columns]
 * @param scales [rows]
 */
export function quantizeRows(values: Float32Array, codes: Int8Array, scales: Float32Array): void {
  const columns = values.length / scales.length;
  for (let row = 0; row < scales.length; row++) {
    const start = row * columns;
    let largest = 0;
    for (let i = start; i < start + columns; i++) largest = Math.max(largest, Math.abs(values[i]!));
    const scale = largest < SMALLEST ? 0 : Math.fround(largest / 127);
    scales[row] = scale;
    const inverse = scale === 0 ? 0 : 1 / scale;
    for (let i = start; i < start + columns; i++) codes[i] = Math.round(values[i]! * inverse);
  }
}
