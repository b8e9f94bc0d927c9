import type { ExternalRange } from './onnxWriter.ts';
import { blockSize } from './quantize.ts';
import type { Recipe, Weight } from './weight.ts';

/** Below 2^31, beyond which an ArrayBuffer or one read call fails in places. */
const MAX_FILE_BYTES = 1_900_000_000;
/** A cache line; large tensors start on a page so that they can be mapped. */
const ALIGNMENT = 64;
const PAGE = 4_096;
const LARGE_BYTES = 65_536;

/** A weight, and where each of its runs lies. */
export interface PlacedWeight extends Weight {
  readonly ranges: readonly ExternalRange[];
}

export interface DataFile {
  readonly name: string;
  readonly bytes: number;
}

/** What the data files of a model will be, known before anything of its weights is. */
export interface WeightPlan {
  readonly weights: readonly PlacedWeight[];
  readonly files: readonly DataFile[];
}

/** Puts the runs of `weights` one after the other into `weights.0.bin`, `weights.1.bin`, … */
export function planWeights(weights: readonly Weight[]): WeightPlan {
  const { ranges, files } = placeRuns(weights.flatMap(({ recipe }) => runBytes(recipe)));
  let first = 0;
  const placed = weights.map((weight) => {
    const count = runBytes(weight.recipe).length;
    first += count;
    return { ...weight, ranges: ranges.slice(first - count, first) };
  });
  return { weights: placed, files };
}

/** Where runs of so many bytes lie; one that is longer than a file may be gets a file for itself. */
export function placeRuns(
  lengths: readonly number[],
  maxFileBytes = MAX_FILE_BYTES,
): { readonly ranges: readonly ExternalRange[]; readonly files: readonly DataFile[] } {
  const files: DataFile[] = [];
  const ranges = lengths.map((length): ExternalRange => {
    const alignment = length >= LARGE_BYTES ? PAGE : ALIGNMENT;
    const last = files.at(-1);
    const end = last === undefined ? 0 : Math.ceil(last.bytes / alignment) * alignment;
    const isFull = last === undefined || end + length > maxFileBytes;
    const name = isFull ? `weights.${files.length}.bin` : last.name;
    const offset = isFull ? 0 : end;
    files.splice(isFull ? files.length : -1, 1, { name, bytes: offset + length });
    return { file: name, offset, length };
  });
  return { ranges, files };
}

/** Bytes of each run; {@link Recipe} says what it holds. */
function runBytes(recipe: Recipe): readonly number[] {
  switch (recipe.kind) {
    case 'float32':
      return [4 * recipe.source.rows * recipe.source.columns];
    case 'vector':
      return [4 * recipe.size];
    case 'rope':
      return [(4 * recipe.positions * recipe.headDim) / 2];
    case 'blocks': {
      const { rows, columns } = recipe.source;
      return [(rows * columns * recipe.bits) / 8, (4 * rows * columns) / blockSize(columns)];
    }
    case 'channels':
      return [recipe.rows * recipe.source.columns, 4 * recipe.rows, recipe.rows];
    default:
      return recipe satisfies never;
  }
}
