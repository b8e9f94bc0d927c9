import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { quantizeBlocks, quantizeRows } from '../../../src/inference/importer/quantize.ts';
import { dequantizeBlocks, dequantizeChannels } from '../../support/dequantize.ts';

const weight = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true, min: -100, max: 100 }),
  fc.constantFrom(0, -0, 1e-30, -1e-38, 1e-45, 3e38, -3e38),
);
/** Columns of the matrices below: one block a row. */
const COLUMNS = 32;
const row = fc.array(weight, { minLength: COLUMNS, maxLength: COLUMNS });
const blocks = fc.array(row, { minLength: 1, maxLength: 4 }).map((rows) => Float32Array.from(rows.flat()));

/** Quantizes and decodes with a decoder of its own. */
function throughBlocks(values: Float32Array, bits: 4 | 8) {
  const codes = new Uint8Array((values.length * bits) / 8);
  const scales = new Float32Array(values.length / 32);
  quantizeBlocks(values, 32, bits, codes, scales);
  const scaleBytes = new Uint8Array(scales.buffer);
  const decoded = dequantizeBlocks(
    { dims: [], bytes: codes, offset: null },
    { dims: [], bytes: scaleBytes, offset: null },
    bits,
  );
  return { codes, scales, decoded };
}

for (const bits of [4, 8] as const) {
  describe(`${bits}-bit blocks`, () => {
    it('come back within half a step, at the short end of the range within one', () => {
      fc.assert(
        fc.property(blocks, (values) => {
          const { decoded } = throughBlocks(values, bits);
          for (const [i, value] of values.entries()) {
            const error = Math.abs(value - decoded.values[i]!);
            assert.ok(error <= decoded.bounds[i]! + 1e-36, `${value} became ${decoded.values[i]}`);
          }
        }),
      );
    });

    it('give the weight of largest magnitude code 0 and almost its exact value back', () => {
      const values = Float32Array.from({ length: 32 }, (_, i) => Math.sin(i) / 10);
      for (const extreme of [0.7, -0.7]) {
        values[13] = extreme;
        const { decoded } = throughBlocks(values, bits);
        assert.ok(Math.abs(decoded.values[13]! - extreme) < 1e-7);
      }
    });

    it('of zeros, or of numbers too small for a scale, are zeros with scale 0', () => {
      for (const tiny of [0, -0, 1e-45, -1e-40]) {
        const { scales, decoded } = throughBlocks(new Float32Array(32).fill(tiny), bits);
        assert.deepEqual([...scales], [0]);
        assert.ok(decoded.values.every((value) => value === 0));
      }
    });
  });
}

it('4-bit codes lie with the even column in the low nibble', () => {
  const values = new Float32Array(32);
  values[0] = -8;
  values[1] = 7;
  values[2] = 1;
  const { codes, scales } = throughBlocks(values, 4);
  assert.deepEqual([...scales], [1]);
  assert.deepEqual([...codes.subarray(0, 3)], [0xf0, 0x89, 0x88]);
});

describe('int8 rows', () => {
  it('come back within half a step and never use −128', () => {
    fc.assert(
      fc.property(blocks, (values) => {
        const rows = values.length / 32;
        const codes = new Int8Array(values.length);
        const scales = new Float32Array(rows);
        quantizeRows(values, codes, scales);
        const transposed = codes.map((_, i) => codes[(i % rows) * 32 + Math.floor(i / rows)]!);
        const decoded = dequantizeChannels(
          { dims: [32, rows], bytes: new Uint8Array(transposed.buffer), offset: null },
          { dims: [rows], bytes: new Uint8Array(scales.buffer), offset: null },
        );
        for (const [i, value] of values.entries()) {
          assert.ok(Math.abs(value - decoded.values[i]!) <= decoded.bounds[i]! + 1e-36);
          assert.notEqual(codes[i], -128);
        }
      }),
    );
  });
});
