/** Types of the tensors that can be read as weights. */
export const floatTypes = ['BF16', 'F16', 'F32'] as const;
export type FloatType = (typeof floatTypes)[number];

export const floatBytes: Record<FloatType, number> = { BF16: 2, F16: 2, F32: 4 };

/** float32 bits of every float16. */
const halves = new Uint32Array(65_536).map((_, half) => floatBitsOfHalf(half));

function floatBitsOfHalf(half: number): number {
  const sign = (half & 0x80_00) << 16;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3_ff;
  if (exponent === 0x1f) return sign | 0x7f_80_00_00 | (fraction << 13);
  if (exponent !== 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  // Subnormal: fraction · 2^−24 is exact in float32.
  const bits = new Uint32Array(Float32Array.of(fraction * 2 ** -24).buffer)[0]!;
  return sign | bits;
}

/**
 * Little-endian `bytes` of `type` as float32; every value is exact.
 *
 * @param bytes aligned to its element size
 * @returns whether all values are finite
 */
export function toFloat32(bytes: Uint8Array, type: FloatType, out: Float32Array): boolean {
  const target = new Uint32Array(out.buffer, out.byteOffset, out.length);
  if (type === 'F32') {
    new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(bytes);
  } else {
    const source = new Uint16Array(bytes.buffer, bytes.byteOffset, out.length);
    if (type === 'BF16') for (let i = 0; i < out.length; i++) target[i] = source[i]! << 16;
    else for (let i = 0; i < out.length; i++) target[i] = halves[source[i]!]!;
  }
  // An all-ones exponent is an infinity or NaN.
  for (let i = 0; i < target.length; i++) if ((target[i]! & 0x7f_80_00_00) === 0x7f_80_00_00) return false;
  return true;
}
