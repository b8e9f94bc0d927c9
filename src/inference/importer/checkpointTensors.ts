import type { Architecture } from '../model/architecture.ts';
import { family, type Generation } from '../model/family.ts';

export const embeddingTensor = 'embed_tokens.weight';
export const finalNormTensor = 'norm.weight';

/** What gives every layer an input of its own: see perLayerInputs.ts. */
export const perLayerTensors = {
  embedding: 'embed_tokens_per_layer.weight',
  projection: 'per_layer_model_projection.weight',
  norm: 'per_layer_projection_norm.weight',
} as const;

/** Canonical names (without prefix) of one layer's tensors. */
export interface LayerTensors {
  readonly inputNorm: string;
  readonly postAttentionNorm: string;
  readonly preFfnNorm: string;
  readonly postFfnNorm: string;
  readonly q: string;
  readonly k: string;
  readonly v: string;
  readonly o: string;
  readonly qNorm: string;
  readonly kNorm: string;
  readonly gate: string;
  readonly up: string;
  readonly down: string;
  readonly perLayerGate: string;
  readonly perLayerProjection: string;
  readonly perLayerNorm: string;
  readonly scalar: string;
}

/** Names as Hugging Face checkpoints of the family spell them; some exist only in some generations. */
export function layerTensors(layer: number, { preFfnNorm }: Generation): LayerTensors {
  const name = (part: string): string => `layers.${layer}.${part}.weight`;
  return {
    inputNorm: name('input_layernorm'),
    postAttentionNorm: name('post_attention_layernorm'),
    preFfnNorm: name(preFfnNorm),
    postFfnNorm: name('post_feedforward_layernorm'),
    q: name('self_attn.q_proj'),
    k: name('self_attn.k_proj'),
    v: name('self_attn.v_proj'),
    o: name('self_attn.o_proj'),
    qNorm: name('self_attn.q_norm'),
    kNorm: name('self_attn.k_norm'),
    gate: name('mlp.gate_proj'),
    up: name('mlp.up_proj'),
    down: name('mlp.down_proj'),
    perLayerGate: name('per_layer_input_gate'),
    perLayerProjection: name('per_layer_projection'),
    perLayerNorm: name('post_per_layer_input_norm'),
    scalar: `layers.${layer}.layer_scalar`,
  };
}

/** Every tensor a checkpoint of `architecture` consists of, by canonical name, with its shape. */
export function checkpointTensors(architecture: Architecture): Map<string, readonly number[]> {
  const { hiddenSize, heads, vocabSize, layers, perLayerInputSize: own } = architecture;
  const generation: Generation = family[architecture.generation];
  const shapes = new Map<string, readonly number[]>([[embeddingTensor, [vocabSize, hiddenSize]]]);
  if (own > 0) {
    shapes
      .set(perLayerTensors.embedding, [vocabSize, layers * own])
      .set(perLayerTensors.projection, [layers * own, hiddenSize])
      .set(perLayerTensors.norm, [own]);
  }
  for (const [layer, { kvHeads, headDim, kvFrom, valuesFromKeys }] of architecture.attention.entries()) {
    const names = layerTensors(layer, generation);
    const ffnSize = architecture.ffnSizes[layer]!;
    shapes.set(names.inputNorm, [hiddenSize]).set(names.preFfnNorm, [hiddenSize]);
    if (generation.postNorms) {
      shapes.set(names.postAttentionNorm, [hiddenSize]).set(names.postFfnNorm, [hiddenSize]);
    }
    shapes.set(names.q, [heads * headDim, hiddenSize]).set(names.o, [hiddenSize, heads * headDim]);
    if (generation.qkNorm) shapes.set(names.qNorm, [headDim]);
    if (kvFrom === null) {
      shapes.set(names.k, [kvHeads * headDim, hiddenSize]);
      if (generation.qkNorm) shapes.set(names.kNorm, [headDim]);
      if (!valuesFromKeys) shapes.set(names.v, [kvHeads * headDim, hiddenSize]);
    }
    shapes
      .set(names.gate, [ffnSize, hiddenSize])
      .set(names.up, [ffnSize, hiddenSize])
      .set(names.down, [hiddenSize, ffnSize]);
    if (own > 0) {
      shapes
        .set(names.perLayerGate, [own, hiddenSize])
        .set(names.perLayerProjection, [hiddenSize, own])
        .set(names.perLayerNorm, [hiddenSize]);
    }
    if (generation.layerScalar) shapes.set(names.scalar, [1]);
  }
  return shapes.set(finalNormTensor, [hiddenSize]);
}

/** Tensors that checkpoints hold though nothing reads them: keys and values of layers that use those of others. */
export function spareTensors({ attention, generation }: Architecture): ReadonlySet<string> {
  return new Set(
    attention.flatMap(({ kvFrom }, layer) => {
      const { k, v, kNorm } = layerTensors(layer, family[generation]);
      return kvFrom === null ? [] : [k, v, kNorm];
    }),
  );
}
