import type { Architecture } from '../model/architecture.ts';
import { family, type Generation } from '../model/family.ts';

export const embeddingTensor = 'embed_tokens.weight';
export const finalNormTensor = 'norm.weight';

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
  };
}

/** Every tensor a checkpoint of `architecture` consists of, by canonical name, with its shape. */
export function checkpointTensors(architecture: Architecture): Map<string, readonly number[]> {
  const { hiddenSize, ffnSize, heads, kvHeads, headDim, vocabSize } = architecture;
  const generation: Generation = family[architecture.generation];
  const shapes = new Map<string, readonly number[]>([[embeddingTensor, [vocabSize, hiddenSize]]]);
  for (let layer = 0; layer < architecture.layers; layer++) {
    const names = layerTensors(layer, generation);
    shapes.set(names.inputNorm, [hiddenSize]).set(names.preFfnNorm, [hiddenSize]);
    if (generation.postNorms) {
      shapes.set(names.postAttentionNorm, [hiddenSize]).set(names.postFfnNorm, [hiddenSize]);
    }
    if (generation.qkNorm) shapes.set(names.qNorm, [headDim]).set(names.kNorm, [headDim]);
    shapes
      .set(names.q, [heads * headDim, hiddenSize])
      .set(names.k, [kvHeads * headDim, hiddenSize])
      .set(names.v, [kvHeads * headDim, hiddenSize])
      .set(names.o, [hiddenSize, heads * headDim])
      .set(names.gate, [ffnSize, hiddenSize])
      .set(names.up, [ffnSize, hiddenSize])
      .set(names.down, [hiddenSize, ffnSize]);
  }
  return shapes.set(finalNormTensor, [hiddenSize]);
}
