import type { ElementType } from './onnxWriter.ts';

/** Rows of a matrix in Hugging Face order [out features, in features], possibly several tensors stacked. */
export interface MatrixSource {
  /** Stacked from top to bottom. */
  readonly tensors: readonly { readonly name: string; readonly rows: number }[];
  /** Of the whole stack. */
  readonly rows: number;
  readonly columns: number;
}

export function stack(columns: number, tensors: MatrixSource['tensors']): MatrixSource {
  return { tensors, rows: tensors.reduce((total, { rows }) => total + rows, 0), columns };
}

/**
 * How bytes of the data file come into being. Each recipe writes its runs in a fixed order:
 * - `float32`: the rows
 * - `vector`: its values, plus one where the generation multiplies by 1 + weight
 * - `rope`: cosines or sines, [positions, headDim / 2]; of pairs that don't rotate 1 or 0
 * - `blocks`: codes [rows, columns · bits / 8], then float32 scales [rows, columns / block]
 * - `channels`: int8 [columns, rows] of the rows from `firstRow` on, float32 scales [rows], int8 zero points [rows]
 */
export type Recipe =
  | { readonly kind: 'float32'; readonly source: MatrixSource }
  | { readonly kind: 'vector'; readonly tensor: string; readonly size: number; readonly plusOne: boolean }
  | {
      readonly kind: 'rope';
      readonly wave: 'cos' | 'sin';
      readonly theta: number;
      readonly factor: number;
      readonly positions: number;
      readonly headDim: number;
      readonly rotatedPairs: number;
    }
  | { readonly kind: 'blocks'; readonly bits: 4 | 8; readonly source: MatrixSource }
  | {
      readonly kind: 'channels';
      readonly source: MatrixSource;
      readonly firstRow: number;
      readonly rows: number;
    };

export interface TensorView {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
}

const elementBytes: Readonly<Record<ElementType, number>> = {
  float32: 4,
  uint8: 1,
  int8: 1,
  int32: 4,
  int64: 8,
};

export function tensorBytes({ type, dims }: TensorView): number {
  return dims.reduce((product, dim) => product * dim, elementBytes[type]);
}

/** External data of a graph: a recipe, and per run the initializers that look at it. */
export interface Weight {
  readonly recipe: Recipe;
  readonly runs: readonly (readonly TensorView[])[];
}
