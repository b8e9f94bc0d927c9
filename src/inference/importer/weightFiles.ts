import * as v from 'valibot';
import { GemmaError } from '../../protocol/errors.ts';
import type { CheckpointFolder } from './checkpointFolder.ts';
import { readJsonFile } from './smallFile.ts';

export const SINGLE_NAME = 'model.safetensors';
export const INDEX_NAME = 'model.safetensors.index.json';
/** Gemma 3 27B lists some 1,300 tensors. */
export const MAX_INDEX_BYTES = 25_000_000;
/** Nobody publishes more. */
const MAX_SHARDS = 1_000;

const Index = v.object({ weight_map: v.record(v.string(), v.string()) });

export interface Shard {
  readonly name: string;
  /** Tensors that the index promises to be in it; null: no index. */
  readonly promised: readonly string[] | null;
}

export interface WeightFile extends Shard {
  /** Real path. */
  readonly path: string;
}

/**
 * The safetensors files of a checkpoint: the single one, or the shards that the index names.
 *
 * @throws GemmaError `model-damaged` when one is missing, is named by a path, or links out of the folder
 */
export async function listWeightFiles(folder: CheckpointFolder): Promise<readonly WeightFile[]> {
  const files: WeightFile[] = [];
  for (const shard of await listShards(folder))
    files.push({ ...shard, path: await folder.require(shard.name) });
  return files;
}

/** The same, whether they are there or not. @throws GemmaError `model-damaged` when the index is unusable */
export async function listShards(folder: CheckpointFolder): Promise<readonly Shard[]> {
  const index = await folder.find(INDEX_NAME);
  if (index === null) return [{ name: SINGLE_NAME, promised: null }];
  return shardsOf(await readJsonFile(index, MAX_INDEX_BYTES));
}

/** What an index names; names may be anything. @throws GemmaError `model-damaged` when it is unusable */
export function shardsOf(index: unknown): readonly Shard[] {
  const parsed = v.safeParse(Index, index);
  if (!parsed.success) {
    throw new GemmaError(
      'model-damaged',
      `${INDEX_NAME} has no usable weight_map (${parsed.issues[0].message}).`,
    );
  }
  const shards = new Map<string, string[]>();
  for (const [tensor, name] of Object.entries(parsed.output.weight_map)) {
    shards.set(name, [...(shards.get(name) ?? []), tensor]);
  }
  if (shards.size > MAX_SHARDS) {
    throw new GemmaError('model-damaged', `${INDEX_NAME} names ${shards.size} files; that can't be right.`);
  }
  return [...shards].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, promised]) => ({ name, promised }));
}
