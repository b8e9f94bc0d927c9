import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importModel } from '../../src/inference/importer/importModel.ts';
import type { Quantization } from '../../src/protocol/engine.ts';
import { type RandomCheckpoint, randomCheckpoint, type TinyConfig, writeCheckpoint } from './checkpoints.ts';
import { GraphRunner } from './graphRunner.ts';

export interface ImportedCheckpoint extends AsyncDisposable {
  readonly checkpoint: RandomCheckpoint;
  readonly folder: string;
  readonly runner: GraphRunner;
}

/** Writes a checkpoint, imports it and opens the graph; disposing removes everything. */
export async function importedCheckpoint(
  checkpoint: RandomCheckpoint,
  quantization: Quantization = 'f32',
): Promise<ImportedCheckpoint> {
  const root = await mkdtemp(join(tmpdir(), 'gemma-import-'));
  const source = join(root, 'checkpoint');
  const folder = join(root, 'imported');
  await writeCheckpoint(source, checkpoint);
  await importModel({ source, target: folder, quantization });
  const runner = await GraphRunner.open(folder);
  return {
    checkpoint,
    folder,
    runner,
    async [Symbol.asyncDispose]() {
      await runner.dispose();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** The same from the numbers of a random one. */
export function importedTiny(
  tiny: TinyConfig = {},
  quantization: Quantization = 'f32',
): Promise<ImportedCheckpoint> {
  return importedCheckpoint(randomCheckpoint(tiny), quantization);
}
