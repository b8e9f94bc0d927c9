import * as v from 'valibot';
import type { GenerationName } from './family.ts';
import { type RopeDefaults, ropeEntries } from './readRope.ts';

/** Far above every real model, far below what would exhaust memory before a tensor is looked at. */
const size = (max: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(max));
const sizeOrNone = (max: number) =>
  v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(max)));
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const layerCount = size(1_024);
const headCount = size(1_024);
const headSize = size(1_024);
const none = v.optional(v.nullable(v.literal(0)));

interface Defaults {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly ffnSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly positions: number;
}

/** Keys that every generation has, with the defaults of its config class: checkpoints may leave out what equals them. */
const common = (defaults: Defaults) => ({
  ...ropeEntries,
  vocab_size: v.optional(size(1_048_576), defaults.vocabSize),
  hidden_size: v.optional(size(65_536), defaults.hiddenSize),
  intermediate_size: v.optional(size(1_048_576), defaults.ffnSize),
  num_hidden_layers: v.optional(layerCount, defaults.layers),
  num_attention_heads: v.optional(headCount, defaults.heads),
  num_key_value_heads: v.optional(headCount, defaults.kvHeads),
  head_dim: v.optional(headSize, 256),
  max_position_embeddings: v.optional(size(16_777_216), defaults.positions),
  rms_norm_eps: v.optional(positive, 1e-6),
  // Gemma 1 was published with "gelu" and meant the tanh form, which its own key says since.
  hidden_act: v.optional(v.nullable(v.picklist(['gelu', 'gelu_pytorch_tanh']))),
  hidden_activation: v.optional(v.nullable(v.literal('gelu_pytorch_tanh'))),
  attention_bias: v.optional(v.literal(false)),
  tie_word_embeddings: v.optional(v.literal(true)),
});

const window = (tokens: number) => ({
  sliding_window: v.optional(v.nullable(size(16_777_216)), tokens),
  layer_types: v.optional(v.nullable(v.array(v.picklist(['sliding_attention', 'full_attention'])))),
});

const causal = { use_bidirectional_attention: v.optional(v.nullable(v.literal(false))) };

/** Config classes of huggingface/transformers by generation. */
export const textConfigs = {
  gemma: v.object({
    ...common({
      vocabSize: 256_000,
      hiddenSize: 3_072,
      ffnSize: 24_576,
      layers: 28,
      heads: 16,
      kvHeads: 16,
      positions: 8_192,
    }),
    ...causal,
    attn_logit_softcapping: none,
    final_logit_softcapping: none,
  }),
  gemma2: v.object({
    ...common({
      vocabSize: 256_000,
      hiddenSize: 2_304,
      ffnSize: 9_216,
      layers: 26,
      heads: 8,
      kvHeads: 4,
      positions: 8_192,
    }),
    ...window(4_096),
    ...causal,
    query_pre_attn_scalar: v.optional(positive, 256),
    attn_logit_softcapping: v.optional(v.literal(50)),
    final_logit_softcapping: v.optional(v.literal(30)),
  }),
  gemma3: v.object({
    ...common({
      vocabSize: 262_208,
      hiddenSize: 2_304,
      ffnSize: 9_216,
      layers: 26,
      heads: 8,
      kvHeads: 4,
      positions: 131_072,
    }),
    ...window(4_096),
    ...causal,
    query_pre_attn_scalar: v.optional(positive, 256),
    sliding_window_pattern: v.optional(layerCount),
    _sliding_window_pattern: v.optional(layerCount),
    attn_logit_softcapping: none,
    final_logit_softcapping: none,
  }),
  gemma4: v.object({
    ...common({
      vocabSize: 262_144,
      hiddenSize: 2_304,
      ffnSize: 9_216,
      layers: 30,
      heads: 8,
      kvHeads: 4,
      positions: 131_072,
    }),
    ...window(512),
    // Only images are attended to in both directions.
    use_bidirectional_attention: v.optional(v.nullable(v.literal('vision'))),
    final_logit_softcapping: v.literal(30),
    attn_logit_softcapping: none,
    global_head_dim: v.optional(headSize, 512),
    num_global_key_value_heads: v.optional(v.nullable(headCount)),
    attention_k_eq_v: v.optional(v.boolean(), false),
    num_kv_shared_layers: v.optional(sizeOrNone(1_024), 0),
    use_double_wide_mlp: v.optional(v.boolean(), false),
    hidden_size_per_layer_input: v.optional(sizeOrNone(65_536), 256),
    vocab_size_per_layer_input: v.optional(sizeOrNone(1_048_576), 262_144),
    enable_moe_block: v.optional(v.nullable(v.literal(false))),
    // A newer spelling of the two sizes of heads, which no published checkpoint uses.
    per_layer_config: v.optional(v.null()),
  }),
} as const satisfies Record<GenerationName, v.GenericSchema>;

export type TextConfig<G extends GenerationName> = v.InferOutput<(typeof textConfigs)[G]>;

const plain = (theta: number) => ({ theta, factor: 1, share: 1 });

export const ropeDefaults: Record<GenerationName, RopeDefaults> = {
  gemma: { global: plain(10_000), local: plain(10_000) },
  gemma2: { global: plain(10_000), local: plain(10_000) },
  gemma3: { global: plain(1_000_000), local: plain(10_000) },
  gemma4: { global: { theta: 1_000_000, factor: 1, share: 0.25 }, local: plain(10_000) },
};
