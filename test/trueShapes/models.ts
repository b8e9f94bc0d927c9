import { publishedConfigs, type PublishedModel } from '../support/publishedConfigs.ts';

/** A published model with few layers and a small vocabulary; everything else as it is. */
export interface Shape {
  readonly name: string;
  readonly config: Record<string, unknown>;
  /** Tokens of the prompt; more than the window, where that is the point. */
  readonly prompt: number;
  /** So many of its last tokens' logits are compared. */
  readonly rows: number;
  /** Tokens that are generated and compared. */
  readonly greedy: number;
}

/** As many as a tokenizer of single bytes needs, in full blocks. */
const VOCAB = 512;

const local = 'sliding_attention';
const global = 'full_attention';

/** What Gemma 3's config class adds to the checkpoints that leave it out. */
const defaults = {
  head_dim: 256,
  num_attention_heads: 8,
  num_key_value_heads: 4,
  query_pre_attn_scalar: 256,
  rms_norm_eps: 1e-6,
  rope_theta: 1_000_000,
  rope_local_base_freq: 10_000,
  hidden_size_per_layer_input: 0,
};

interface Cut {
  readonly layers: readonly string[];
  readonly shared?: number;
  readonly prompt?: number;
  readonly rows?: number;
  readonly greedy: number;
}

function shape(model: PublishedModel, cut: Cut): Shape {
  const published: Readonly<Record<string, unknown>> = publishedConfigs[model];
  const inner = published['text_config'];
  const text = typeof inner === 'object' ? inner : published;
  const { layers, shared = 0, prompt = 12, rows = prompt, greedy } = cut;
  return {
    name: prompt > 100 ? `${model}, ${prompt} tokens` : model,
    config: {
      ...defaults,
      ...text,
      num_hidden_layers: layers.length,
      layer_types: layers,
      num_kv_shared_layers: shared,
      vocab_size: VOCAB,
      vocab_size_per_layer_input: VOCAB,
      max_position_embeddings: 8_192,
    },
    prompt,
    rows,
    greedy,
  };
}

const both = [local, global];

/** One of all checkpoints with the same numbers, the small ones first. */
export const shapes: readonly Shape[] = [
  shape('gemma-3-270m', { layers: both, greedy: 256 }),
  shape('gemma-3-270m', { layers: both, prompt: 530, rows: 32, greedy: 8 }),
  shape('gemma-3-1b-it', { layers: both, greedy: 256 }),
  shape('gemma-2-2b', { layers: both, greedy: 32 }),
  shape('gemma-2-2b', { layers: [local], prompt: 4_110, rows: 32, greedy: 8 }),
  shape('gemma-2b', { layers: [global, global], greedy: 32 }),
  shape('gemma-3-4b-it', { layers: both, greedy: 32 }),
  shape('gemma-4-E2B-it', { layers: [...both, ...both], shared: 2, greedy: 32 }),
  shape('gemma-4-E4B-it', { layers: [...both, ...both], shared: 2, greedy: 16 }),
  shape('gemma-7b', { layers: [global], greedy: 16 }),
  shape('gemma-2-9b', { layers: both, greedy: 8 }),
  shape('gemma-3-12b-it', { layers: both, greedy: 8 }),
  shape('gemma-4-12B-it', { layers: both, greedy: 8 }),
  shape('gemma-3-27b-it', { layers: both, greedy: 4 }),
  shape('gemma-4-31B-it', { layers: both, greedy: 4 }),
  shape('gemma-2-27b', { layers: both, greedy: 4 }),
];
