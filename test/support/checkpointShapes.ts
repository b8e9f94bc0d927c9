/** One tensor of a checkpoint, and how its random values are spread. */
export interface RandomTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly mean: number;
  readonly spread: number;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * What a checkpoint with `config` consists of, as huggingface/transformers saves it; `config` names every number itself.
 * Spreads keep activations near one, as training does; norms of ±30 % make a wrong formula visible.
 */
export function checkpointShapes(config: Json): RandomTensor[] {
  const size = (key: string): number => Number(config[key] ?? 0);
  const hidden = size('hidden_size');
  const layers = size('num_hidden_layers');
  const heads = size('num_attention_heads');
  const type = String(config['model_type']);
  const isGemma4 = type.startsWith('gemma4');
  const tensors: RandomTensor[] = [];
  const matrix = (name: string, rows: number, columns: number): void => {
    tensors.push({ name, shape: [rows, columns], mean: 0, spread: columns ** -0.5 });
  };
  // Gemma 4 multiplies by the weight, the others by one more.
  const norm = (name: string, length: number, typical = 1): void => {
    tensors.push({ name, shape: [length], mean: isGemma4 ? typical : typical - 1, spread: 0.3 * typical });
  };
  // What a layer adds is small beside what it was given, as in trained models: errors don't grow from layer to layer.
  const added = 0.6;
  matrix('model.embed_tokens.weight', size('vocab_size'), hidden);
  const own = isGemma4 ? size('hidden_size_per_layer_input') : 0;
  if (own > 0) {
    tensors.push({
      name: 'model.embed_tokens_per_layer.weight',
      shape: [size('vocab_size'), layers * own],
      mean: 0,
      spread: own ** -0.5,
    });
    matrix('model.per_layer_model_projection.weight', layers * own, hidden);
    norm('model.per_layer_projection_norm.weight', own);
  }
  const firstShared = layers - size('num_kv_shared_layers');
  for (let layer = 0; layer < layers; layer++) {
    const part = (name: string): string => `model.layers.${layer}.${name}.weight`;
    const types = config['layer_types'];
    const isGlobal4 = isGemma4 && Array.isArray(types) && types[layer] === 'full_attention';
    const headDim = size(isGlobal4 ? 'global_head_dim' : 'head_dim');
    const valuesAreKeys = isGlobal4 && config['attention_k_eq_v'] === true;
    const keys = size(valuesAreKeys ? 'num_global_key_value_heads' : 'num_key_value_heads') * headDim;
    const shares = layer >= firstShared;
    const ffn = size('intermediate_size') * (shares && config['use_double_wide_mlp'] === true ? 2 : 1);
    norm(part('input_layernorm'), hidden);
    norm(part('post_attention_layernorm'), hidden, type === 'gemma' ? 1 : added);
    if (type !== 'gemma') {
      norm(part('pre_feedforward_layernorm'), hidden);
      norm(part('post_feedforward_layernorm'), hidden, added);
    }
    if (type !== 'gemma' && type !== 'gemma2') {
      // Gemma 4 takes the product of query and key as it is: its norms keep scores small.
      norm(part('self_attn.q_norm'), headDim, isGemma4 ? headDim ** -0.5 : 1);
      // Layers that read the keys of others still have unused ones of their own.
      norm(part('self_attn.k_norm'), headDim);
    }
    matrix(part('self_attn.q_proj'), heads * headDim, hidden);
    matrix(part('self_attn.k_proj'), keys, hidden);
    if (!valuesAreKeys) matrix(part('self_attn.v_proj'), keys, hidden);
    matrix(part('self_attn.o_proj'), hidden, heads * headDim);
    matrix(part('mlp.gate_proj'), ffn, hidden);
    matrix(part('mlp.up_proj'), ffn, hidden);
    matrix(part('mlp.down_proj'), hidden, ffn);
    if (own > 0) {
      matrix(part('per_layer_input_gate'), own, hidden);
      matrix(part('per_layer_projection'), hidden, own);
      norm(part('post_per_layer_input_norm'), hidden, added);
    }
    if (isGemma4) {
      tensors.push({ name: `model.layers.${layer}.layer_scalar`, shape: [1], mean: 0.8, spread: 0.1 });
    }
  }
  norm('model.norm.weight', hidden);
  return tensors;
}
