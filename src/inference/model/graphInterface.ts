import type { Architecture, LayerAttention } from './architecture.ts';

/*
 * Inputs and outputs of every imported graph, for S new tokens after `past` others:
 *   input_ids int64 [1, S] · positions int64 [1, S] = past, past + 1, … · logits_rows int64 [1]
 *   of every reach R among the layers: mask.R float32 [S, P + S] · split.R int64 [2] = P, S
 *   past_key_values.N.key|value float32 [P, kvHeads, headDim], the last P positions of the past; keys are rotated
 *   → logits float32 [logits_rows, vocabSize] · present.N.key|value float32 [S, kvHeads, headDim], of the new tokens
 */

/** How far back a layer sees, as part of input names: all the way, or through a window. */
export function reachOf({ window }: LayerAttention): string {
  return window === null ? 'all' : String(window);
}

export function maskName(reach: string): string {
  return `mask.${reach}`;
}

export function splitName(reach: string): string {
  return `split.${reach}`;
}

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

/** What a run of `count` tokens after `past` others passes for the layers of one reach. */
export interface Span {
  readonly reach: string;
  /** First position of the past that is passed. */
  readonly first: number;
  /** Positions passed, at least 1. */
  readonly rows: number;
  /** [count, rows + count]: 0 where the token of the row sees the column's position, otherwise −∞. */
  readonly mask: Float32Array;
}

/** One span for every reach among the layers. */
export function spans({ attention }: Architecture, past: number, count: number): Span[] {
  const windows = new Map(attention.map((layer) => [reachOf(layer), layer.window ?? Infinity]));
  return Array.from(windows, ([reach, window]) => {
    // The runtime divides by zero when a matrix has no rows: with nothing before, one row is passed that nobody sees.
    const rows = Math.max(1, Math.min(past, window - 1));
    const first = Math.max(0, past - rows);
    const mask = new Float32Array((rows + count) * count);
    for (let token = 0; token < count; token++) {
      const position = past + token;
      const line = mask.subarray(token * (rows + count), (token + 1) * (rows + count));
      for (let column = 0; column < rows; column++) {
        if (first + column >= past || first + column <= position - window) line[column] = -Infinity;
      }
      line.fill(-Infinity, rows + token + 1);
      if (window <= token) line.fill(-Infinity, rows, rows + token - window + 1);
    }
    return { reach, first, rows, mask };
  });
}

/** `past`, `past` + 1, …: the positions of `count` new tokens. */
export function positionsFrom(past: number, count: number): number[] {
  return Array.from({ length: count }, (_, token) => past + token);
}

/** Values of one position in the keys, or the values, of a layer. */
export function rowLength({ kvHeads, headDim }: Architecture): number {
  return kvHeads * headDim;
}

/** Values of one position in each part of a KV buffer: the keys or the values of a layer, in the order of `pastNames`. */
export function partWidths(architecture: Architecture): number[] {
  return Array<number>(2 * architecture.layers).fill(rowLength(architecture));
}

/** Bytes of float32 keys and values for `capacity` positions. */
export function kvBytes(architecture: Architecture, capacity: number): number {
  const values = partWidths(architecture).reduce((sum, width) => sum + width);
  return values * capacity * Float32Array.BYTES_PER_ELEMENT;
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
  capacity: number,
  past: number,
  tokens: readonly number[],
  rows: number,
): void {
  if (tokens.length === 0) throw new RangeError('A forward needs at least one token.');
  if (!Number.isInteger(past) || past < 0 || past + tokens.length > capacity) {
    throw new RangeError(
      `${tokens.length} tokens after ${past} don't fit a KV buffer of ${capacity} positions.`,
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
