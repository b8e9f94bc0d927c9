import * as v from 'valibot';
import { GemmaError } from '../../protocol/errors.ts';
import type { CheckpointFolder } from './checkpointFolder.ts';
import { readJsonFile } from './smallFile.ts';

export const WEIGHTS = 'model.safetensors';
export const WEIGHT_INDEX = 'model.safetensors.index.json';
/** Gemma 3 27B lists some 1,300 tensors. */
export const MAX_INDEX_BYTES = 25_000_000;
/** Nobody publishes more. */
export const MAX_SHARDS = 1_000;

export const WeightIndex = v.object({ weight_map: v.record(v.string(), v.string()) });

export interface WeightFile {
  readonly name: string;
  /** Real path. */
  readonly path: string;
  /** Tensors that the index promises to be in it; null: no index. */
  readonly promised: readonly string[] | null;
}

/**
 * The safetensors files of a checkpoint: the single one, or the shards that the index names.
 *
 * @throws GemmaError `model-damaged` when one is missing, is named by a path, or links out of the folder
 */
export async function listWeightFiles(folder: CheckpointFolder): Promise<readonly WeightFile[]> {
  const index = await folder.find(WEIGHT_INDEX);
  if (index === null) {
    return [{ name: WEIGHTS, path: await folder.require(WEIGHTS), promised: null }];
  }
  const parsed = v.safeParse(WeightIndex, await readJsonFile(index, MAX_INDEX_BYTES));
  if (!parsed.success) {
    throw new GemmaError(
      'model-damaged',
      `${WEIGHT_INDEX} has no usable weight_map (${parsed.issues[0].message}).`,
    );
  }
  const shards = new Map<string, string[]>();
  for (const [tensor, name] of Object.entries(parsed.output.weight_map)) {
    shards.set(name, [...(shards.get(name) ?? []), tensor]);
  }
  if (shards.size > MAX_SHARDS) {
    throw new GemmaError('model-damaged', `${WEIGHT_INDEX} names ${shards.size} files; that can't be right.`);
  }
  const files: WeightFile[] = [];
  for (const [name, promised] of [...shards].sort(([a], [b]) => (a < b ? -1 : 1))) {
    files.push({ name, path: await folder.require(name), promised });
  }
  return files;
}
