import { gaussian, type RandomCheckpoint, randomWeights, tinyConfig } from './checkpoints.ts';

type Config = Record<string, unknown>;

const sizes = {
  vocab_size: 320,
  hidden_size: 64,
  intermediate_size: 96,
  num_attention_heads: 4,
  rms_norm_eps: 1e-6,
  max_position_embeddings: 512,
};

/** GemmaForCausalLM as first published: `hidden_act` says "gelu" and means its tanh form. */
const gemma1: Config = {
  ...sizes,
  model_type: 'gemma',
  architectures: ['GemmaForCausalLM'],
  num_hidden_layers: 3,
  num_key_value_heads: 1,
  head_dim: 32,
  hidden_act: 'gelu',
  rope_theta: 10_000,
};

/** Large scores, so that the cap on them shows. */
const gemma2: Config = {
  ...sizes,
  model_type: 'gemma2',
  architectures: ['Gemma2ForCausalLM'],
  num_hidden_layers: 4,
  num_key_value_heads: 2,
  head_dim: 32,
  query_pre_attn_scalar: 8,
  sliding_window: 8,
  hidden_activation: 'gelu_pytorch_tanh',
  rope_theta: 10_000,
  attn_logit_softcapping: 50,
  final_logit_softcapping: 30,
};

const local = 'sliding_attention';
const global = 'full_attention';

const gemma4: Config = {
  ...sizes,
  model_type: 'gemma4_text',
  architectures: ['Gemma4ForCausalLM'],
  head_dim: 32,
  global_head_dim: 64,
  sliding_window: 8,
  hidden_activation: 'gelu_pytorch_tanh',
  final_logit_softcapping: 30,
  vocab_size_per_layer_input: 320,
  rope_parameters: {
    full_attention: { rope_type: 'proportional', partial_rotary_factor: 0.25, rope_theta: 1_000_000 },
    sliding_attention: { rope_type: 'default', rope_theta: 10_000 },
  },
};

/**
 * A tiny model of every kind that the family has: of every generation, and of Gemma 4 one with an input of each layer's
 * own and with layers that share keys and values (as E2B and E4B), and one whose global values are its keys (as 12B and
 * 31B).
 */
export const tinyGenerations = {
  'Gemma 1': gemma1,
  'Gemma 1 with a key head for every query head': { ...gemma1, num_key_value_heads: 4 },
  'Gemma 2': gemma2,
  'Gemma 3': tinyConfig({ globalFactor: 8, maxPositions: 512 }),
  'Gemma 4 with shared keys and inputs of the layers': {
    ...gemma4,
    num_hidden_layers: 5,
    layer_types: [local, local, global, local, global],
    num_key_value_heads: 1,
    num_kv_shared_layers: 2,
    use_double_wide_mlp: true,
    hidden_size_per_layer_input: 32,
  },
  'Gemma 4 with values from keys': {
    ...gemma4,
    num_hidden_layers: 4,
    layer_types: [local, local, local, global],
    num_key_value_heads: 2,
    num_global_key_value_heads: 1,
    attention_k_eq_v: true,
    hidden_size_per_layer_input: 0,
  },
} as const satisfies Record<string, Config>;

export type TinyGeneration = keyof typeof tinyGenerations;

export const tinyGenerationNames: readonly TinyGeneration[] = Object.keys(tinyGenerations).filter(
  (name): name is TinyGeneration => Object.hasOwn(tinyGenerations, name),
);

/** A random checkpoint of the kind, with `changes` to its config.json. */
export function tinyGeneration(name: TinyGeneration, changes: Config = {}): RandomCheckpoint {
  return randomWeights({ ...tinyGenerations[name], ...changes });
}

/**
 * Embedding and head are one table, so that a random model mostly says the last token again. Norm weights around zero
 * before the head make it say something else each time.
 */
export function talkative(name: TinyGeneration, changes: Config = {}): RandomCheckpoint {
  const checkpoint = tinyGeneration(name, changes);
  const { shape, values } = checkpoint.tensors.get('model.norm.weight')!;
  const normal = gaussian(3);
  const zero = name.startsWith('Gemma 4') ? 0 : -1;
  checkpoint.tensors.set('model.norm.weight', { shape, values: values.map(() => zero + normal()) });
  return checkpoint;
}
