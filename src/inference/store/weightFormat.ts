import { stat } from 'node:fs/promises';
import * as v from 'valibot';
import { BackendName, Quantization } from '../../protocol/engine.ts';
import type { CheckpointFolder } from '../importer/checkpointFolder.ts';
import { listWeightFiles } from '../importer/weightFiles.ts';

/** A quantization by name, or the one that a backend runs best. */
export const WeightFormat = v.union([Quantization, v.object({ bestFor: BackendName })]);
export type WeightFormat = v.InferOutput<typeof WeightFormat>;

/** Up to this size full precision costs less than what int8 activations cost in time and in exactness. */
const SMALL_CHECKPOINT_BYTES = 100_000_000;

/**
 * int4 is the fastest natively and on GPUs. WebAssembly has no int4 kernels: there int8 is the fastest for large models, but it
 * scales the activations of a whole chunk together, so that logits depend on how a prompt was cut, and small models
 * gain nothing from it.
 */
export async function quantizationFor(folder: CheckpointFolder, format: WeightFormat): Promise<Quantization> {
  if (typeof format === 'string') return format;
  if (format.bestFor !== 'wasm') return 'q4';
  let bytes = 0;
  for (const { path } of await listWeightFiles(folder)) bytes += (await stat(path)).size;
  return bytes <= SMALL_CHECKPOINT_BYTES ? 'f32' : 'q8';
}
