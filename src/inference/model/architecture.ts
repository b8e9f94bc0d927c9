import type { GenerationName } from './family.ts';

/** The numbers that make one model of the family different from another: everything the graph builder needs. */
export interface Architecture {
  /** Row of the family table: what the numbers below don't say. */
  readonly generation: GenerationName;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly heads: number;
  /** Rows of the embedding table; may exceed the tokenizer's vocabulary. */
  readonly vocabSize: number;
  /** Length of the rotary tables: at most what the model was trained for. */
  readonly maxPositions: number;
  readonly rmsNormEpsilon: number;
  /** Attention scale is this to the power of −1/2. */
  readonly queryPreAttentionScalar: number;
  /** Values that each layer is given of a token, besides what the layer before it says; 0: none. */
  readonly perLayerInputSize: number;
  /** One entry a layer. */
  readonly attention: readonly LayerAttention[];
  /** Width of the feed-forward network, one entry a layer. */
  readonly ffnSizes: readonly number[];
}

export interface LayerAttention {
  readonly kvHeads: number;
  readonly headDim: number;
  /** Earlier layer whose keys and values this one reads; null: it makes its own. */
  readonly kvFrom: number | null;
  /** Values are what the keys are before norm and rotation, and have no projection of their own. */
  readonly valuesFromKeys: boolean;
  /** Keys in (position − window, position]; null: all. */
  readonly window: number | null;
  readonly ropeTheta: number;
  /** Positions are divided by this (linear RoPE scaling); 1: none. */
  readonly ropeFactor: number;
  /** Pairs (i, i + headDim / 2) that rotate: those with the highest frequencies. */
  readonly rotatedPairs: number;
}

/** The last layer that makes keys and values: all that later tokens need of earlier ones is made up to there. */
export function lastKvLayer({ attention }: Architecture): number {
  return attention.findLastIndex(({ kvFrom }) => kvFrom === null);
}
