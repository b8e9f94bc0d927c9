import type { Architecture } from '../model/architecture.ts';
import type { KvBuffer } from './backend.ts';

/*
 * Inputs and outputs of every imported graph:
 *   input_ids int64 [1, S] · seqlens_k int32 [1] = total − 1 · total_sequence_length int32 scalar
 *   logits_rows int64 [1] · past_key_values.N.key|value float32 [1, kvHeads, P, headDim]
 *   → logits float32 [rows, vocabSize] · present.N.key|value, shaped like the past
 * P is the allocated length, not the used one: rows from `total` on are never read.
 */

/** Names of the past tensors, layer by layer, key before value. */
export function pastNames(layers: number): string[] {
  return cacheNames('past_key_values', layers);
}

/** Names of the present tensors, in the order of `pastNames`. */
export function presentNames(layers: number): string[] {
  return cacheNames('present', layers);
}

function cacheNames(stem: string, layers: number): string[] {
  return Array.from({ length: layers }, (_, layer) => [
    `${stem}.${layer}.key`,
    `${stem}.${layer}.value`,
  ]).flat();
}

/** Bytes of float32 keys and values for `capacity` positions. */
export function kvBytes(architecture: Architecture, capacity: number): number {
  return (
    2 *
    architecture.layers *
    architecture.kvHeads *
    capacity *
    architecture.headDim *
    Float32Array.BYTES_PER_ELEMENT
  );
}

/** @throws RangeError unless 1 ≤ capacity ≤ maxPositions: beyond that the rotary tables end */
export function checkCapacity(architecture: Architecture, capacity: number): void {
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > architecture.maxPositions) {
    throw new RangeError(`A KV buffer holds 1 to ${architecture.maxPositions} positions, not ${capacity}.`);
  }
}

/** The contract of `LoadedModel.forward`. @throws RangeError */
export function checkForward(
  architecture: Architecture,
  kv: KvBuffer,
  past: number,
  tokens: readonly number[],
  rows: number,
): void {
  if (tokens.length === 0) throw new RangeError('A forward needs at least one token.');
  if (!Number.isInteger(past) || past < 0 || past + tokens.length > kv.capacity) {
    throw new RangeError(
      `${tokens.length} tokens after ${past} don't fit a KV buffer of ${kv.capacity} positions.`,
    );
  }
  if (!Number.isInteger(rows) || rows < 1 || rows > tokens.length) {
    throw new RangeError(`Logits of ${rows} rows were asked for; ${tokens.length} tokens run.`);
  }
  for (const token of tokens) {
    if (!Number.isInteger(token) || token < 0 || token >= architecture.vocabSize) {
      throw new RangeError(`Token ${token} is outside the vocabulary of ${architecture.vocabSize}.`);
    }
  }
}
