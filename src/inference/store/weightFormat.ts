import { stat } from 'node:fs/promises';
import * as v from 'valibot';
import { BackendName, Quantization } from '../../protocol/engine.ts';
import type { CheckpointFolder } from '../importer/checkpointFolder.ts';
import { listWeightFiles } from '../importer/weightFiles.ts';

/** A quantization by name, or the one that a backend runs best. */
export const WeightFormat = v.union([Quantization, v.object({ bestFor: BackendName })]);
export type WeightFormat = v.InferOutput<typeof WeightFormat>;

/** Above this a decoded token waits for memory, not for the processor. */
const SMALL_CHECKPOINT_BYTES = 100_000_000;

/**
 * Large models run natively in int4, of which the least has to be read for a token. Small ones don't wait for memory:
 * in int8 they decode as fast, read a prompt and several candidates in half the time, and lose less. WebAssembly has no
 * int4 kernels, GPUs no int8 ones.
 */
export async function quantizationFor(folder: CheckpointFolder, format: WeightFormat): Promise<Quantization> {
  if (typeof format === 'string') return format;
  if (format.bestFor === 'wasm') return 'q8';
  if (format.bestFor === 'webgpu') return 'q4';
  let bytes = 0;
  for (const { path } of await listWeightFiles(folder)) bytes += (await stat(path)).size;
  return bytes <= SMALL_CHECKPOINT_BYTES ? 'q8' : 'q4';
}
