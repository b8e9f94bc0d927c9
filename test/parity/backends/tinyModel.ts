import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importModel } from '../../../src/inference/importer/importModel.ts';
import { type ModelManifest, readManifest } from '../../../src/inference/model/modelManifest.ts';
import type { Quantization } from '../../../src/protocol/engine.ts';
import { randomCheckpoint, type TinyConfig, writeCheckpoint } from '../../support/checkpoints.ts';

export interface TinyModel {
  readonly folder: string;
  readonly manifest: ModelManifest;
  remove(): Promise<void>;
}

/** A random Gemma 3 in a temporary folder, imported: window layers and global ones, 4,096 positions. */
export async function importTinyModel(quantization: Quantization, config: TinyConfig): Promise<TinyModel> {
  const root = await mkdtemp(join(tmpdir(), 'tiny-model-'));
  const checkpoint = join(root, 'checkpoint');
  const folder = join(root, 'model');
  await writeCheckpoint(checkpoint, randomCheckpoint({ window: 40, maxPositions: 4096, ...config }));
  await importModel({ source: checkpoint, target: folder, quantization });
  return { folder, manifest: await readManifest(folder), remove: () => rm(root, { recursive: true }) };
}
