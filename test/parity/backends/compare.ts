import assert from 'node:assert/strict';
import type { ModelManifest } from '../../../src/inference/model/modelManifest.ts';

/** `length` token ids spread over the vocabulary, the same at every call. */
export function someTokens({ architecture }: ModelManifest, length: number): number[] {
  return Array.from({ length }, (_, i) => (i * 7919 + 13) % architecture.vocabSize);
}

/** Copies of the rows of `logits`, which are only valid until the next forward. */
export function rowsOf(logits: Float32Array, rows: number): Float32Array[] {
  const width = logits.length / rows;
  return Array.from({ length: rows }, (_, row) => logits.slice(row * width, (row + 1) * width));
}

/** Largest difference, relative to the largest expected logit; NaN when there is a NaN. */
export function relativeError(actual: Float32Array, expected: Float32Array): number {
  assert.equal(actual.length, expected.length);
  let difference = 0;
  let scale = 0;
  for (const [i, value] of expected.entries()) {
    difference = Math.max(difference, Math.abs(actual[i]! - value));
    scale = Math.max(scale, Math.abs(value));
  }
  return difference / scale;
}

export function assertClose(actual: Float32Array, expected: Float32Array, bound: number): void {
  const error = relativeError(actual, expected);
  assert.ok(error <= bound, `relative error ${error} is above ${bound}`);
}
