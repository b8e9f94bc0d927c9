import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Tensor } from 'onnxruntime-common';
import { NativeKvBuffer } from '../../../src/inference/backends/nativeKvBuffer.ts';
import { probeManifest } from '../../../src/inference/backends/probeGraph.ts';
import type { Architecture } from '../../../src/inference/model/architecture.ts';
import { spans } from '../../../src/inference/model/graphInterface.ts';

const CAPACITY = 300;
const layer = { ...probeManifest.architecture.attention[0]!, kvHeads: 3, headDim: 2 };
/** Values of a row of each tensor: keys and values of the two layers that have their own. */
const widths = [6, 6, 8, 8];
const dims = [
  [3, 2],
  [3, 2],
  [1, 8],
  [1, 8],
];
const shape: Architecture = {
  ...probeManifest.architecture,
  layers: 3,
  maxPositions: CAPACITY,
  attention: [
    { ...layer, window: 4 },
    { ...layer, kvHeads: 1, headDim: 8, window: null },
    { ...layer, kvFrom: 0, window: 4 },
  ],
};

/** A run that writes row r of tensor t as r + t / 10 in all its values. */
function write(buffer: NativeKvBuffer, first: number, count: number): void {
  for (const [index, tensor] of buffer.rows(first, count).entries()) {
    assert.deepEqual(tensor.dims, [count, ...dims[index]!]);
    for (let i = 0; i < tensor.data.length; i++) {
      tensor.data[i] = first + Math.floor(i / widths[index]!) + index / 10;
    }
  }
}

/** First value of every row that a run after `past` tokens sees, by tensor. */
function seen(buffer: NativeKvBuffer, past: number): number[][] {
  return buffer
    .past(spans(shape, past, 1))
    .map(({ data }, index) =>
      Array.from(data, Number).filter((_, i) => Number.isInteger(i / widths[index]!)),
    );
}

describe('the KV buffer of the native backend', () => {
  it('shows every layer the rows its window reaches, where the last run wrote them', () => {
    const buffer = new NativeKvBuffer(Tensor, shape, CAPACITY);
    write(buffer, 0, 3);
    write(buffer, 3, 3);
    assert.deepEqual(
      seen(buffer, 6),
      [
        [3, 4, 5],
        [3.1, 4.1, 5.1],
        [0.2, 1.2, 2.2, 3.2, 4.2, 5.2],
        [0.3, 1.3, 2.3, 3.3, 4.3, 5.3],
      ].map((rows) => rows.map(Math.fround)),
    );
  });

  it('overwrites from a rewound position on, and copies what is asked for', () => {
    const buffer = new NativeKvBuffer(Tensor, shape, CAPACITY);
    const copy = new NativeKvBuffer(Tensor, shape, 10);
    write(buffer, 0, 8);
    buffer.copyTo(copy, 5);
    write(buffer, 2, 1);
    buffer.rows(2, 1)[2]!.data[0] = 99;
    assert.deepEqual(
      seen(buffer, 4)[2],
      [0, 1, 99, 3].map((row) => (row === 99 ? 99 : Math.fround(row + 0.2))),
    );
    assert.deepEqual(seen(copy, 6)[2], [0.2, 1.2, 2.2, 3.2, 4.2, 0].map(Math.fround));
  });

  it('gives its parts away as they are, and takes them back', async () => {
    const buffer = new NativeKvBuffer(Tensor, shape, CAPACITY);
    const other = new NativeKvBuffer(Tensor, shape, 20);
    write(buffer, 0, 8);
    for (const part of widths.keys()) {
      const rows = await buffer.readPart(part, 7);
      assert.equal(rows.length, 7 * widths[part]!);
      other.writePart(part, rows);
      rows.fill(99);
    }
    assert.deepEqual(seen(other, 7), seen(buffer, 7));
    await assert.rejects(other.readPart(0, 21), RangeError);
    assert.throws(() => other.writePart(3, new Float32Array(21 * widths[3]!)), RangeError);
  });

  it('refuses capacities that the rotary tables do not reach', () => {
    for (const capacity of [0, -1, 1.5, Number.NaN, shape.maxPositions + 1]) {
      assert.throws(() => new NativeKvBuffer(Tensor, shape, capacity), RangeError);
    }
  });

  it('refuses to copy more than either side holds', () => {
    const small = new NativeKvBuffer(Tensor, shape, 10);
    const large = new NativeKvBuffer(Tensor, shape, 20);
    assert.throws(() => small.copyTo(large, 11), RangeError);
    assert.throws(() => large.copyTo(small, 11), RangeError);
  });
});
