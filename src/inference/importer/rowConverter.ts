import type { DataFiles } from './dataFiles.ts';
import { bytesOf } from './positionedFile.ts';
import { blockSize, quantizeBlocks, quantizeRows } from './quantize.ts';
import type { ScratchMatrices } from './scratchMatrices.ts';
import type { Recipe } from './weight.ts';
import type { PlacedWeight, WeightPlan } from './weightPlan.ts';

/** A weight that is made of a tensor's rows. */
interface Use {
  readonly index: number;
  readonly weight: PlacedWeight;
  /** Of the weight, where the tensor's first row is; below 0 where the weight begins inside the tensor. */
  readonly top: number;
  readonly rows: number;
  readonly columns: number;
}

/** Whole rows of a tensor. */
export interface TensorRows {
  /** Canonical name. */
  readonly tensor: string;
  /** Number of the first one. */
  readonly first: number;
  readonly values: Float32Array;
}

/** Positions of a rotary table computed at a time. */
const ROTARY_POSITIONS = 1_024;

/**
 * Makes the weights of a plan of the rows of a checkpoint's tensors, whichever come first. Nothing but the rows given is
 * held in memory, and one matrix of int8 codes when it is complete and turned. Doing the same again changes nothing.
 */
export class RowConverter {
  readonly #plan: WeightPlan;
  readonly #files: DataFiles;
  readonly #scratch: ScratchMatrices;
  readonly #uses: ReadonlyMap<string, readonly Use[]>;
  /** Rows that are still to come, by the index of the weight; of those that are turned when they are complete. */
  readonly #missing: Map<number, number>;
  #complete: number[] = [];
  /** Codes and scales of the rows that are being converted: memory that is used again and again. */
  #codes = new ArrayBuffer(0);
  #scales = new ArrayBuffer(0);

  constructor(plan: WeightPlan, files: DataFiles, scratch: ScratchMatrices) {
    this.#plan = plan;
    this.#files = files;
    this.#scratch = scratch;
    this.#uses = usesOf(plan);
    this.#missing = new Map(
      plan.weights.flatMap(({ recipe }, index) => (recipe.kind === 'channels' ? [[index, recipe.rows]] : [])),
    );
  }

  /** Writes the weights that no tensor is needed for. */
  async writeTables(): Promise<void> {
    for (const { recipe, ranges } of this.#plan.weights) {
      if (recipe.kind !== 'rope') continue;
      for (let first = 0; first < recipe.positions; first += ROTARY_POSITIONS) {
        const values = rotaryRows(recipe, first, Math.min(ROTARY_POSITIONS, recipe.positions - first));
        await this.#files.write(ranges[0]!, 2 * first * recipe.headDim, bytesOf(values));
      }
    }
  }

  /** Writes what the rows become. */
  async convert({ tensor, first, values }: TensorRows): Promise<void> {
    for (const use of this.#uses.get(tensor) ?? []) {
      const { columns } = use;
      const { from, to } = rowsOf(use, first, values.length / columns);
      if (from >= to) continue;
      const start = from - use.top - first;
      await this.#write(use, from, values.subarray(start * columns, (start + to - from) * columns));
      if (this.#count(use, to - from)) await this.#turn(use);
    }
  }

  /** The first `count` rows of the tensor were converted before. */
  skip(tensor: string, count: number): void {
    for (const use of this.#uses.get(tensor) ?? []) {
      const { from, to } = rowsOf(use, 0, count);
      if (from < to && this.#count(use, to - from)) this.#complete.push(use.index);
    }
  }

  /** Weights (by index in the plan) whose rows are complete in the data files, so that nobody needs them elsewhere. */
  takeComplete(): readonly number[] {
    const complete = this.#complete;
    this.#complete = [];
    return complete;
  }

  /** @returns whether these were the last rows of a weight that is to be turned */
  #count({ index }: Use, rows: number): boolean {
    const missing = this.#missing.get(index);
    if (missing === undefined) return false;
    this.#missing.set(index, missing - rows);
    return missing === rows;
  }

  async #write({ index, weight, columns }: Use, row: number, values: Float32Array): Promise<void> {
    const { recipe, ranges } = weight;
    const start = row * columns;
    switch (recipe.kind) {
      case 'float32':
        return this.#files.write(ranges[0]!, 4 * start, bytesOf(values));
      case 'vector': {
        const folded = recipe.plusOne ? values.map((value) => 1 + value) : values;
        return this.#files.write(ranges[0]!, 4 * start, bytesOf(folded));
      }
      case 'blocks': {
        const block = blockSize(columns);
        const { codes, scales } = this.#room((values.length * recipe.bits) / 8, values.length / block);
        quantizeBlocks(values, block, recipe.bits, codes, scales);
        await this.#files.write(ranges[0]!, (start * recipe.bits) / 8, codes);
        return this.#files.write(ranges[1]!, (4 * start) / block, bytesOf(scales));
      }
      case 'channels': {
        // The third run, the zero points, is zero.
        const { codes, scales } = this.#room(values.length, values.length / columns);
        quantizeRows(values, new Int8Array(codes.buffer, 0, codes.length), scales);
        await this.#scratch.write(index, start, codes);
        return this.#files.write(ranges[1]!, 4 * row, bytesOf(scales));
      }
      case 'rope':
        return;
      default:
        return recipe satisfies never;
    }
  }

  /** Room for so many codes and scales, until it is asked for again. */
  #room(codes: number, scales: number): { readonly codes: Uint8Array; readonly scales: Float32Array } {
    if (this.#codes.byteLength < codes) this.#codes = new ArrayBuffer(codes);
    if (this.#scales.byteLength < 4 * scales) this.#scales = new ArrayBuffer(4 * scales);
    return {
      codes: new Uint8Array(this.#codes, 0, codes),
      scales: new Float32Array(this.#scales, 0, scales),
    };
  }

  async #turn({ index, weight, rows, columns }: Use): Promise<void> {
    let done = 0;
    for await (const codes of this.#scratch.turned(index, rows, columns)) {
      await this.#files.write(weight.ranges[0]!, done, bytesOf(codes));
      done += codes.length;
    }
    this.#complete.push(index);
  }
}

/** Rows of the weight that `count` rows of the tensor from `first` on are. */
function rowsOf(use: Use, first: number, count: number): { readonly from: number; readonly to: number } {
  return { from: Math.max(0, use.top + first), to: Math.min(use.rows, use.top + first + count) };
}

/** Which weights are made of each tensor. */
function usesOf({ weights }: WeightPlan): ReadonlyMap<string, readonly Use[]> {
  const uses = new Map<string, Use[]>();
  const add = (tensor: string, use: Use): void => {
    uses.set(tensor, [...(uses.get(tensor) ?? []), use]);
  };
  for (const [index, weight] of weights.entries()) {
    const { recipe } = weight;
    if (recipe.kind === 'rope') continue;
    if (recipe.kind === 'vector') {
      add(recipe.tensor, { index, weight, top: 0, rows: recipe.size, columns: 1 });
      continue;
    }
    const { tensors, columns } = recipe.source;
    const rows = recipe.kind === 'channels' ? recipe.rows : recipe.source.rows;
    let top = recipe.kind === 'channels' ? -recipe.firstRow : 0;
    for (const tensor of tensors) {
      add(tensor.name, { index, weight, top, rows, columns });
      top += tensor.rows;
    }
  }
  return uses;
}

/** Angle of pair i at a position: position / factor · theta^(−2i / headDim), computed in float64. */
function rotaryRows(
  { wave, theta, factor, headDim, rotatedPairs }: Extract<Recipe, { kind: 'rope' }>,
  first: number,
  count: number,
): Float32Array {
  const pairs = headDim / 2;
  const frequencies = Array.from({ length: pairs }, (_, pair) =>
    pair < rotatedPairs ? theta ** ((-2 * pair) / headDim) / factor : 0,
  );
  const values = new Float32Array(count * pairs);
  for (let i = 0; i < values.length; i++) {
    const angle = (first + Math.floor(i / pairs)) * frequencies[i % pairs]!;
    values[i] = wave === 'cos' ? Math.cos(angle) : Math.sin(angle);
  }
  return values;
}
