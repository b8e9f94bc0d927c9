/** What sets a generation of the family apart, beyond the numbers of one model. */
export interface Generation {
  /** False: known, but not yet proven against a reference, so not importable. */
  readonly supported: boolean;
  /** RMSNorm multiplies by 1 + weight (Gemma 1–3) or by the weight itself (3n, 4). */
  readonly normPlusOne: boolean;
  /** Norms after attention and FFN too, or only before them. */
  readonly postNorms: boolean;
  /** Name of the norm before the FFN: in Gemma 1 it is called as if it stood after the attention. */
  readonly preFfnNorm: 'post_attention_layernorm' | 'pre_feedforward_layernorm';
  /** RMSNorm on every query and key head before rotation. */
  readonly qkNorm: boolean;
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
 * One row a generation, keyed by its name in {@link Architecture}. Numbers from the `gemma`, `gemma2` and `gemma3`
 * models of huggingface/transformers.
 */
export const family = {
  gemma: {
    ...common,
    supported: false,
    normPlusOne: true,
    postNorms: false,
    preFfnNorm: 'post_attention_layernorm',
    qkNorm: false,
    attentionSoftcap: 0,
    logitSoftcap: 0,
  },
  gemma2: {
    ...common,
    supported: false,
    normPlusOne: true,
    postNorms: true,
    preFfnNorm: 'pre_feedforward_layernorm',
    qkNorm: false,
    attentionSoftcap: 50,
    logitSoftcap: 30,
  },
  gemma3: {
    ...common,
    supported: true,
    normPlusOne: true,
    postNorms: true,
    preFfnNorm: 'pre_feedforward_layernorm',
    qkNorm: true,
    attentionSoftcap: 0,
    logitSoftcap: 0,
  },
} as const satisfies Record<string, Generation>;

export type GenerationName = keyof typeof family;
