import type { Architecture, LayerAttention } from './architecture.ts';

/*
 * Inputs and outputs of every imported graph, for S new tokens after `past` others:
 *   input_ids int64 [1, S] · positions int64 [1, S] = past, past + 1, … · logits_rows int64 [1]
 *   of every reach R among the layers: mask.R float32 [S, P + S] · split.R int64 [2] = P, S
 *   of every layer N that makes keys and values (some read those of an earlier one):
 *     past_key_values.N.key|value float32 [P, kvHeads, headDim], the last P positions of the past; keys are rotated
 *   → logits float32 [logits_rows, vocabSize]
 *   → of the same layers: present.N.key|value float32 [S, kvHeads, headDim], of the new tokens
 *
 * Graphs for GPUs differ in keys and values:
 *   past_key_values.N.key|value [C, kvHeads, headDim], a whole cache: position by position from the first on
 *   of every reach R: first.R, end.R int64 [1], the rows of the cache that the P columns of the mask stand for
 *   kept.before, kept.after, kept.end int64 [1]
 *   → present.N.key|value, the next cache: rows 0 … kept.before − 1, S new ones, kept.after … kept.end − 1
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

export function firstName(reach: string): string {
  return `first.${reach}`;
}

export function endName(reach: string): string {
  return `end.${reach}`;
}

export const keptNames = { before: 'kept.before', after: 'kept.after', end: 'kept.end' } as const;

/** Keys or values of one layer: what a KV buffer consists of. */
export interface KvTensor {
  /** Name of the input. */
  readonly past: string;
  /** Name of the output. */
  readonly present: string;
  readonly kvHeads: number;
  readonly headDim: number;
  /** Values of one position: kvHeads · headDim. */
  readonly rowLength: number;
  /** Of the layers that read them. */
  readonly reach: string;
}

/** Of the layers that make them, layer by layer, keys before values. */
export function kvTensors({ attention }: Architecture): readonly KvTensor[] {
  return attention.flatMap((layer, index) => {
    if (layer.kvFrom !== null) return [];
    const { kvHeads, headDim } = layer;
    return (['key', 'value'] as const).map((part) => ({
      past: pastName(index, part),
      present: presentName(index, part),
      kvHeads,
      headDim,
      rowLength: kvHeads * headDim,
      reach: reachOf(layer),
    }));
  });
}

export function pastName(layer: number, part: 'key' | 'value'): string {
  return `past_key_values.${layer}.${part}`;
}

export function presentName(layer: number, part: 'key' | 'value'): string {
  return `present.${layer}.${part}`;
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

/** Values of one position in each part of a KV buffer, in the order of `kvTensors`. */
export function partWidths(architecture: Architecture): number[] {
  return kvTensors(architecture).map(({ rowLength }) => rowLength);
}

/** Bytes of float32 keys and values for `capacity` positions. */
export function kvBytes(architecture: Architecture, capacity: number): number {
  const values = partWidths(architecture).reduce((sum, width) => sum + width, 0);
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
