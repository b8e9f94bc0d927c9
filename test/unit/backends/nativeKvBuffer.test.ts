import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, it } from 'mocha';
import { Tensor } from 'onnxruntime-common';
import { NativeKvBuffer } from '../../../src/inference/backends/nativeKvBuffer.ts';
import { probeManifest } from '../../../src/inference/backends/probeGraph.ts';
import type { Architecture } from '../../../src/inference/model/architecture.ts';

const HEAD_DIM = 2;
const CAPACITY = 300;

describe('the KV buffer of the native backend', () => {
  it('keeps every row where attention expects it, whatever lengths are run and copied', () => {
    const step = fc.record({
      past: fc.nat(),
      count: fc.integer({ min: 1, max: 130 }),
      fork: fc.boolean(),
      capacity: fc.integer({ min: 1, max: CAPACITY }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 12 }), (kvHeads, steps) => {
        const architecture = { ...shape, kvHeads };
        let buffer = new NativeKvBuffer(Tensor, architecture, CAPACITY);
        let rows: number[] = [];
        for (const [index, { past, count, fork, capacity }] of steps.entries()) {
          const kept = past % (rows.length + 1);
          rows = [...rows.slice(0, kept), ...Array.from({ length: count }, (_, i) => index * 1000 + i)];
          rows = rows.slice(0, buffer.capacity);
          write(buffer, kvHeads, rows, Math.min(kept, rows.length));
          assert.deepEqual(read(buffer, kvHeads, rows.length), expected(kvHeads, rows));
          if (fork) {
            const copy = new NativeKvBuffer(Tensor, architecture, Math.max(capacity, rows.length));
            buffer.copyTo(copy, rows.length);
            buffer.dispose();
            buffer = copy;
          }
        }
      }),
    );
  });

  it('hands out tensors no longer than the rows need, rounded up to 64', () => {
    const buffer = new NativeKvBuffer(Tensor, shape, CAPACITY);
    assert.deepEqual(
      [1, 64, 65, 256, 257, 300, 10].map((positions) => buffer.tensors(positions)[0]!.dims[2]),
      [64, 64, 128, 256, 300, 300, 64],
    );
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

const shape: Architecture = {
  ...probeManifest.architecture,
  layers: 2,
  kvHeads: 1,
  headDim: HEAD_DIM,
  maxPositions: CAPACITY,
};

/** What attention writes: rows from `past` on, each value telling tensor, head, row and element. */
function write(buffer: NativeKvBuffer, kvHeads: number, rows: readonly number[], past: number): void {
  buffer.tensors(rows.length).forEach((tensor, index) => {
    const stride = tensor.dims[2]!;
    for (let head = 0; head < kvHeads; head++) {
      for (let row = past; row < rows.length; row++) {
        for (let i = 0; i < HEAD_DIM; i++) {
          tensor.data[(head * stride + row) * HEAD_DIM + i] = value(index, head, rows[row]!, i);
        }
      }
    }
  });
}

/** Per tensor the first `length` rows of each head. */
function read(buffer: NativeKvBuffer, kvHeads: number, length: number): number[][] {
  return buffer.tensors(length).map((tensor) => {
    const stride = tensor.dims[2]!;
    const data = Array.from(tensor.data, Number);
    return Array.from({ length: kvHeads }, (_, head) =>
      data.slice(head * stride * HEAD_DIM, (head * stride + length) * HEAD_DIM),
    ).flat();
  });
}

function expected(kvHeads: number, rows: readonly number[]): number[][] {
  return Array.from({ length: 2 * shape.layers }, (_, index) =>
    Array.from({ length: kvHeads }, (_head, head) =>
      rows.flatMap((row) => Array.from({ length: HEAD_DIM }, (_element, i) => value(index, head, row, i))),
    ).flat(),
  );
}

function value(tensor: number, head: number, row: number, element: number): number {
  return Math.fround(row + tensor / 4 + head / 16 + element / 64);
}
