import type { RandomCheckpoint, Tensors } from './checkpoints.ts';

/** The checkpoint as a larger model holds it: under another prefix, with other towers and a stored head. */
export function renamed(checkpoint: RandomCheckpoint, prefix: string): RandomCheckpoint {
  const tensors: Tensors = new Map();
  for (const [name, tensor] of checkpoint.tensors) tensors.set(name.replace(/^model\./, prefix), tensor);
  const small = { shape: [2], values: new Float32Array(2) };
  const outer = prefix === 'language_model.model.' ? 'language_model.' : '';
  tensors.set(`${outer}lm_head.weight`, small);
  tensors.set('model.vision_tower.patch.weight', small);
  tensors.set('vision_tower.vision_model.embeddings.weight', small);
  tensors.set('multi_modal_projector.mm_input_projection_weight', small);
  tensors.set('model.audio_tower.output_proj.weight', small);
  tensors.set('model.embed_vision.embedding_projection.weight', small);
  tensors.set('model.embed_audio.embedding_projection.weight', small);
  tensors.set('model.vision_embedder.pos_embedding', small);
  return { ...checkpoint, tensors };
}
