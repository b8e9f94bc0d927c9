import { toFloat16 } from '../checkpoints.ts';

const BLOCK = 32;

/**
 * Blocks of ggml (ggml-common.h): a float16 scale, then 32 codes. Q4_0: the value furthest from zero becomes −8, two
 * codes a byte, the first half of the block in the lower bits. Q8_0: it becomes ±127.
 *
 * @param values a multiple of 32
 */
export function quantizeBlocks(values: Float32Array, type: 'Q4_0' | 'Q8_0'): Uint8Array {
  const codeBytes = type === 'Q4_0' ? BLOCK / 2 : BLOCK;
  const bytes = Buffer.alloc((values.length / BLOCK) * (2 + codeBytes));
  for (let block = 0; block < values.length / BLOCK; block++) {
    const start = block * BLOCK;
    let furthest = 0;
    for (let i = start; i < start + BLOCK; i++) {
      if (Math.abs(values[i]!) > Math.abs(furthest)) furthest = values[i]!;
    }
    const scale = type === 'Q4_0' ? furthest / -8 : Math.abs(furthest) / 127;
    const at = block * (2 + codeBytes);
    bytes.writeUInt16LE(toFloat16(scale), at);
    const inverse = scale === 0 ? 0 : 1 / scale;
    for (let i = 0; i < codeBytes; i++) {
      const value = values[start + i]! * inverse;
      bytes[at + 2 + i] =
        type === 'Q8_0'
          ? Math.round(value) & 0xff
          : nibble(value) | (nibble(values[start + BLOCK / 2 + i]! * inverse) << 4);
    }
  }
  return bytes;
}

function nibble(value: number): number {
  return Math.min(15, Math.floor(value + 8.5));
}
