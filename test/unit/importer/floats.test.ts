import assert from 'node:assert/strict';
import { toFloat32 } from '../../../src/inference/importer/floats.ts';
import { toBfloat16, toFloat16 } from '../../support/checkpoints.ts';

const everyCode = Uint16Array.from({ length: 65_536 }, (_, code) => code);
const isFinite16 = (code: number, exponent: number): boolean => (code & exponent) !== exponent;

function decode(codes: Uint16Array, type: 'F16' | 'BF16'): { values: Float32Array; finite: boolean } {
  const values = new Float32Array(codes.length);
  const finite = toFloat32(new Uint8Array(codes.buffer), type, values);
  return { values, finite };
}

describe('Reading weights', () => {
  it('gives every finite float16 its exact value', () => {
    const codes = everyCode.filter((code) => isFinite16(code, 0x7c_00));
    const { values, finite } = decode(codes, 'F16');
    assert.ok(finite);
    for (const [i, code] of codes.entries()) {
      // IEEE 754 binary16.
      const sign = code >= 0x80_00 ? -1 : 1;
      const exponent = Math.floor(code / 1_024) % 32;
      const fraction = (code % 1_024) / 1_024;
      const magnitude = exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15);
      assert.ok(Object.is(values[i], sign * magnitude), `code ${code} became ${values[i]}`);
      assert.equal(toFloat16(values[i]!), code);
    }
  });

  it('gives every finite bfloat16 its exact value', () => {
    const codes = everyCode.filter((code) => isFinite16(code, 0x7f_80));
    const { values, finite } = decode(codes, 'BF16');
    assert.ok(finite);
    for (const [i, code] of codes.entries()) {
      const sign = code >= 0x80_00 ? -1 : 1;
      const exponent = Math.floor(code / 128) % 256;
      const fraction = (code % 128) / 128;
      const magnitude = exponent === 0 ? fraction * 2 ** -126 : (1 + fraction) * 2 ** (exponent - 127);
      assert.ok(Object.is(values[i], sign * magnitude), `code ${code} became ${values[i]}`);
      assert.equal(toBfloat16(values[i]!), code);
    }
  });

  it('notices infinities and NaN in every type', () => {
    for (const value of [Infinity, -Infinity, NaN]) {
      const bytes = new Uint8Array(Float32Array.of(1, value).buffer);
      assert.equal(toFloat32(bytes, 'F32', new Float32Array(2)), false);
    }
    assert.equal(decode(Uint16Array.of(0, 0x7c_00), 'F16').finite, false);
    assert.equal(decode(Uint16Array.of(0, 0xfe_01), 'F16').finite, false);
    assert.equal(decode(Uint16Array.of(0, 0xff_80), 'BF16').finite, false);
    assert.equal(decode(Uint16Array.of(0, 0x7f_c0), 'BF16').finite, false);
  });
});
