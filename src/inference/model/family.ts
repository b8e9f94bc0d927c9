/** What sets a generation of the family apart, beyond the numbers of one model. */
export interface Generation {
  /** RMSNorm multiplies by 1 + weight (Gemma 1–3) or by the weight itself (4). */
  readonly normPlusOne: boolean;
  /** Norms after attention and FFN too, or only before them. */
  readonly postNorms: boolean;
  /** Name of the norm before the FFN: in Gemma 1 it is called as if it stood after the attention. */
  readonly preFfnNorm: 'post_attention_layernorm' | 'pre_feedforward_layernorm';
  /** RMSNorm on every query and key head before rotation. */
  readonly qkNorm: boolean;
  /** RMSNorm without a weight on every value head. */
  readonly valueNorm: boolean;
  /** What a layer makes, its input included, is multiplied by a number of the layer's own. */
  readonly layerScalar: boolean;
  /** Scores are cap · tanh(score / cap); 0: not capped. */
  readonly attentionSoftcap: number;
  /** The same for the final logits. */
  readonly logitSoftcap: number;
  /** Embeddings are multiplied by the square root of the hidden size. */
  readonly embeddingScale: 'sqrt-hidden';
  /** Always the tanh approximation, whatever a checkpoint's `hidden_act` says. */
  readonly activation: 'gelu-tanh';
}

const common = { embeddingScale: 'sqrt-hidden', activation: 'gelu-tanh' } as const;

/**
 * One row a generation, keyed by its name in {@link Architecture}. From the models `gemma`, `gemma2`, `gemma3`, `gemma4`
 * and `gemma4_unified` of huggingface/transformers.
 */
export const family = {
  gemma: {
    ...common,
    normPlusOne: true,
    postNorms: false,
    preFfnNorm: 'post_attention_layernorm',
    qkNorm: false,
    valueNorm: false,
    layerScalar: false,
    attentionSoftcap: 0,
    logitSoftcap: 0,
  },
  gemma2: {
    ...common,
    normPlusOne: true,
    postNorms: true,
    preFfnNorm: 'pre_feedforward_layernorm',
    qkNorm: false,
    valueNorm: false,
    layerScalar: false,
    attentionSoftcap: 50,
    logitSoftcap: 30,
  },
  gemma3: {
    ...common,
    normPlusOne: true,
    postNorms: true,
    preFfnNorm: 'pre_feedforward_layernorm',
    qkNorm: true,
    valueNorm: false,
    layerScalar: false,
    attentionSoftcap: 0,
    logitSoftcap: 0,
  },
  gemma4: {
    ...common,
    normPlusOne: false,
    postNorms: true,
    preFfnNorm: 'pre_feedforward_layernorm',
    qkNorm: true,
    valueNorm: true,
    layerScalar: true,
    attentionSoftcap: 0,
    logitSoftcap: 30,
  },
} as const satisfies Record<string, Generation>;

export type GenerationName = keyof typeof family;
