/** The parts of config.json that describe the text model, as the checkpoints of Google were published with. */

type Config = Readonly<Record<string, unknown>>;

const gemma1: Config = {
  architectures: ['GemmaForCausalLM'],
  attention_bias: false,
  attention_dropout: 0,
  bos_token_id: 2,
  eos_token_id: 1,
  head_dim: 256,
  initializer_range: 0.02,
  max_position_embeddings: 8_192,
  model_type: 'gemma',
  pad_token_id: 0,
  rms_norm_eps: 1e-6,
  rope_scaling: null,
  rope_theta: 10_000,
  torch_dtype: 'bfloat16',
  use_cache: true,
  vocab_size: 256_000,
};

const gemma1Small: Config = {
  ...gemma1,
  hidden_size: 2_048,
  intermediate_size: 16_384,
  num_attention_heads: 8,
  num_hidden_layers: 18,
  num_key_value_heads: 1,
};

const gemma1Large: Config = {
  ...gemma1,
  hidden_size: 3_072,
  intermediate_size: 24_576,
  num_attention_heads: 16,
  num_hidden_layers: 28,
  num_key_value_heads: 16,
};

/** What the activation was called over time; always the tanh form of GELU. */
const first: Config = { hidden_act: 'gelu' };
const undecided: Config = { hidden_act: 'gelu', hidden_activation: null };
const decided: Config = { hidden_act: 'gelu_pytorch_tanh', hidden_activation: 'gelu_pytorch_tanh' };

const gemma2: Config = {
  architectures: ['Gemma2ForCausalLM'],
  attention_bias: false,
  attn_logit_softcapping: 50,
  cache_implementation: 'hybrid',
  final_logit_softcapping: 30,
  head_dim: 256,
  hidden_act: 'gelu_pytorch_tanh',
  hidden_activation: 'gelu_pytorch_tanh',
  max_position_embeddings: 8_192,
  model_type: 'gemma2',
  query_pre_attn_scalar: 256,
  rms_norm_eps: 1e-6,
  rope_theta: 10_000,
  sliding_window: 4_096,
  torch_dtype: 'bfloat16',
  vocab_size: 256_000,
};

const gemma3Text: Config = {
  architectures: ['Gemma3ForCausalLM'],
  attention_bias: false,
  attn_logit_softcapping: null,
  cache_implementation: 'hybrid',
  final_logit_softcapping: null,
  head_dim: 256,
  hidden_activation: 'gelu_pytorch_tanh',
  max_position_embeddings: 32_768,
  model_type: 'gemma3_text',
  num_attention_heads: 4,
  num_key_value_heads: 1,
  query_pre_attn_scalar: 256,
  rms_norm_eps: 1e-6,
  rope_local_base_freq: 10_000,
  rope_scaling: null,
  rope_theta: 1_000_000,
  sliding_window: 512,
  torch_dtype: 'bfloat16',
  vocab_size: 262_144,
};

/** What equals the defaults of the config class is left out. */
const gemma3 = (text: Config): Config => ({
  architectures: ['Gemma3ForConditionalGeneration'],
  boi_token_index: 255_999,
  eoi_token_index: 256_000,
  eos_token_id: [1, 106],
  image_token_index: 262_144,
  mm_tokens_per_image: 256,
  model_type: 'gemma3',
  text_config: {
    model_type: 'gemma3_text',
    rope_scaling: { factor: 8, rope_type: 'linear' },
    sliding_window: 1_024,
    ...text,
  },
  torch_dtype: 'bfloat16',
  vision_config: { hidden_size: 1_152, model_type: 'siglip_vision_model', num_hidden_layers: 27 },
});

const local = (count: number): string[] => Array.from({ length: count }, () => 'sliding_attention');
const layerTypes = (locals: number, repeats: number): string[] =>
  Array.from({ length: repeats }, () => [...local(locals), 'full_attention']).flat();

const gemma4 = (text: Config, kind = 'gemma4'): Config => ({
  architectures: ['Gemma4ForConditionalGeneration'],
  audio_config: null,
  image_token_id: 258_880,
  model_type: kind,
  text_config: {
    attention_bias: false,
    attention_k_eq_v: false,
    dtype: 'bfloat16',
    enable_moe_block: false,
    final_logit_softcapping: 30,
    global_head_dim: 512,
    head_dim: 256,
    hidden_activation: 'gelu_pytorch_tanh',
    model_type: `${kind}_text`,
    num_experts: null,
    num_global_key_value_heads: null,
    num_kv_shared_layers: 0,
    rms_norm_eps: 1e-6,
    rope_parameters: {
      full_attention: { partial_rotary_factor: 0.25, rope_theta: 1_000_000, rope_type: 'proportional' },
      sliding_attention: { rope_theta: 10_000, rope_type: 'default' },
    },
    tie_word_embeddings: true,
    use_double_wide_mlp: false,
    vocab_size: 262_144,
    vocab_size_per_layer_input: 262_144,
    ...text,
  },
  tie_word_embeddings: true,
  vision_config: { model_type: 'gemma4_vision', num_hidden_layers: 16, head_dim: 64 },
});

export const publishedConfigs = {
  'gemma-2b': { ...gemma1Small, ...first },
  'gemma-2b-it': { ...gemma1Small, ...undecided },
  'gemma-1.1-2b-it': { ...gemma1Small, ...decided },
  'gemma-7b': { ...gemma1Large, ...first },
  'gemma-7b-it': { ...gemma1Large, ...undecided },
  'gemma-1.1-7b-it': { ...gemma1Large, ...decided },
  'codegemma-2b': { ...gemma1Small, ...undecided },
  'codegemma-1.1-2b': { ...gemma1Small, ...decided },
  'codegemma-7b': { ...gemma1Large, ...undecided },
  'codegemma-7b-it': { ...gemma1Large, ...undecided },
  'codegemma-1.1-7b-it': { ...gemma1Large, ...decided },
  'gemma-2-2b': {
    ...gemma2,
    hidden_size: 2_304,
    intermediate_size: 9_216,
    num_attention_heads: 8,
    num_hidden_layers: 26,
    num_key_value_heads: 4,
  },
  'gemma-2-9b': {
    ...gemma2,
    hidden_size: 3_584,
    intermediate_size: 14_336,
    num_attention_heads: 16,
    num_hidden_layers: 42,
    num_key_value_heads: 8,
    sliding_window_size: 4_096,
  },
  'gemma-2-27b': {
    ...gemma2,
    head_dim: 128,
    hidden_size: 4_608,
    intermediate_size: 36_864,
    num_attention_heads: 32,
    num_hidden_layers: 46,
    num_key_value_heads: 16,
    query_pre_attn_scalar: 144,
    sliding_window_size: 4_096,
    _attn_implementation: 'eager',
  },
  'gemma-3-270m': {
    ...gemma3Text,
    _sliding_window_pattern: 6,
    hidden_size: 640,
    intermediate_size: 2_048,
    layer_types: layerTypes(5, 3),
    num_hidden_layers: 18,
    use_bidirectional_attention: false,
  },
  'gemma-3-1b-it': {
    ...gemma3Text,
    hidden_size: 1_152,
    intermediate_size: 6_912,
    num_hidden_layers: 26,
    sliding_window_pattern: 6,
  },
  'gemma-3-4b-it': gemma3({ hidden_size: 2_560, intermediate_size: 10_240, num_hidden_layers: 34 }),
  'gemma-3-12b-it': gemma3({
    hidden_size: 3_840,
    intermediate_size: 15_360,
    num_attention_heads: 16,
    num_hidden_layers: 48,
    num_key_value_heads: 8,
  }),
  'gemma-3-27b-it': gemma3({
    head_dim: 128,
    hidden_size: 5_376,
    intermediate_size: 21_504,
    num_attention_heads: 32,
    num_hidden_layers: 62,
    num_key_value_heads: 16,
    query_pre_attn_scalar: 168,
  }),
  'gemma-4-E2B-it': gemma4({
    hidden_size: 1_536,
    hidden_size_per_layer_input: 256,
    intermediate_size: 6_144,
    layer_types: layerTypes(4, 7),
    max_position_embeddings: 131_072,
    num_attention_heads: 8,
    num_hidden_layers: 35,
    num_key_value_heads: 1,
    num_kv_shared_layers: 20,
    sliding_window: 512,
    use_bidirectional_attention: null,
    use_double_wide_mlp: true,
  }),
  'gemma-4-E4B-it': gemma4({
    hidden_size: 2_560,
    hidden_size_per_layer_input: 256,
    intermediate_size: 10_240,
    layer_types: layerTypes(5, 7),
    max_position_embeddings: 131_072,
    num_attention_heads: 8,
    num_hidden_layers: 42,
    num_key_value_heads: 2,
    num_kv_shared_layers: 18,
    sliding_window: 512,
    use_bidirectional_attention: null,
  }),
  'gemma-4-12B-it': gemma4(
    {
      attention_k_eq_v: true,
      hidden_size: 3_840,
      intermediate_size: 15_360,
      layer_types: layerTypes(5, 8),
      max_position_embeddings: 262_144,
      num_attention_heads: 16,
      num_global_key_value_heads: 1,
      num_hidden_layers: 48,
      num_key_value_heads: 8,
      sliding_window: 1_024,
      use_bidirectional_attention: 'vision',
    },
    'gemma4_unified',
  ),
  'gemma-4-31B-it': gemma4({
    attention_k_eq_v: true,
    hidden_size: 5_376,
    hidden_size_per_layer_input: 0,
    intermediate_size: 21_504,
    layer_types: layerTypes(5, 10),
    max_position_embeddings: 262_144,
    num_attention_heads: 32,
    num_global_key_value_heads: 4,
    num_hidden_layers: 60,
    num_key_value_heads: 16,
    sliding_window: 1_024,
    use_bidirectional_attention: 'vision',
  }),
} as const satisfies Record<string, Config>;

export type PublishedModel = keyof typeof publishedConfigs;

/** 26B-A4B: a mixture of experts. */
export const mixtureConfig = gemma4({ enable_moe_block: true, num_experts: 128, top_k_experts: 8 });
