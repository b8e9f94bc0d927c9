import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importModel } from '../../src/inference/importer/importModel.ts';
import { type ModelManifest, readManifest } from '../../src/inference/model/modelManifest.ts';
import type { Quantization } from '../../src/protocol/engine.ts';

export interface ImportedEmbeddedModel {
  readonly folder: string;
  readonly manifest: ModelManifest;
  /** Path of the compiled tokenizer. */
  readonly tokenizer: string;
  remove(): Promise<void>;
}

/** The model that comes with the extension, imported into a temporary folder. */
export async function importEmbeddedModel(quantization: Quantization): Promise<ImportedEmbeddedModel> {
  const root = await mkdtemp(join(tmpdir(), 'embedded-model-'));
  const folder = join(root, 'imported');
  await importModel({ source: 'models/pebble', target: folder, quantization });
  const manifest = await readManifest(folder);
  return {
    folder,
    manifest,
    tokenizer: join(folder, manifest.tokenizer.name),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}
