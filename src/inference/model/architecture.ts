import type { GenerationName } from './family.ts';

/** The numbers that make one model of the family different from another: everything the graph builder needs. */
export interface Architecture {
  /** Row of the family table: what the numbers below don't say. */
  readonly generation: GenerationName;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly ffnSize: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** Rows of the embedding table; may exceed the tokenizer's vocabulary. */
  readonly vocabSize: number;
  /** Length of the rotary tables: at most what the model was trained for. */
  readonly maxPositions: number;
  readonly rmsNormEpsilon: number;
  /** Attention scale is this to the power of −1/2. */
  readonly queryPreAttentionScalar: number;
  /** One entry a layer. */
  readonly attention: readonly LayerAttention[];
}

export interface LayerAttention {
  /** Keys in (position − window, position]; null: all. */
  readonly window: number | null;
  readonly ropeTheta: number;
  /** Positions are divided by this (linear RoPE scaling); 1: none. */
  readonly ropeFactor: number;
}
