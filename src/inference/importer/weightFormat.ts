import type { Quantization } from '../../protocol/engine.ts';
import { GemmaError } from '../../protocol/errors.ts';
import type { Architecture } from '../model/architecture.ts';
import type { GraphBuilder } from './graphBuilder.ts';
import { float32Format } from './float32Format.ts';
import { int4Format } from './int4Format.ts';
import { int8Format } from './int8Format.ts';
import type { MatrixSource } from './weight.ts';

/** How matrices are stored and multiplied: one implementation a quantization. */
export interface WeightFormat {
  /** `columns` of every matrix must be a multiple of this. */
  readonly columnMultiple: number;
  /** input [.., columns] · matrixᵀ → [.., rows]. @returns `output` */
  linear(graph: GraphBuilder, input: string, matrix: MatrixSource, output: string): string;
  /** Rows of the embedding table for `ids` [1, S] → [1, S, hidden], not yet scaled. */
  embed(graph: GraphBuilder, ids: string, table: MatrixSource): string;
  /** Rows of a table for `ids` [1, S] → [1, S, columns]. @returns `output` */
  lookUp(graph: GraphBuilder, ids: string, table: MatrixSource, output: string): string;
  /** `linear` over the embedding table, whose data it shares. Must follow `embed`. */
  head(graph: GraphBuilder, input: string, table: MatrixSource, output: string): string;
}

export const weightFormats: Record<Quantization, WeightFormat> = {
  f32: float32Format,
  q4: int4Format,
  q8: int8Format,
};

/** @throws GemmaError `model-unsupported` when a matrix doesn't divide into the blocks of the format */
export function checkFormat(architecture: Architecture, quantization: Quantization): void {
  const { columnMultiple } = weightFormats[quantization];
  const { hiddenSize, ffnSizes, heads, attention, perLayerInputSize } = architecture;
  const attended = attention.map(({ headDim }) => heads * headDim);
  const odd = [hiddenSize, ...ffnSizes, ...attended, perLayerInputSize].find(
    (columns) => columns % columnMultiple !== 0,
  );
  if (odd === undefined) return;
  throw new GemmaError(
    'model-unsupported',
    `${quantization} needs matrices in multiples of ${columnMultiple} columns; this model has ${odd}. Use q8 or f32.`,
  );
}
