import { mkdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { GemmaError } from '../../protocol/errors.ts';
import { CheckpointFolder } from '../importer/checkpointFolder.ts';
import { importModel } from '../importer/importModel.ts';
import { modelName } from '../importer/modelName.ts';
import { MANIFEST_NAME } from '../model/modelManifest.ts';
import { checkpointDigest } from './checkpointDigest.ts';
import { isModelId, readIntact, requireInstalled } from './installedModels.ts';
import { modelsFolder } from './modelsFolder.ts';
import { sweepTemporaryFolders } from './sweepTemporaryFolders.ts';
import { quantizationFor, type WeightFormat } from './weightFormat.ts';

export interface EnsureImportedOptions {
  /** Folder of a Hugging Face checkpoint or an imported model, or the name of an installed model. */
  readonly source: string;
  /** Imports lie in its models folder. */
  readonly home: string;
  /** For a checkpoint; an imported folder is taken as it is. */
  readonly format: WeightFormat;
  readonly onProgress?: (fraction: number) => void;
  readonly cancelled?: () => boolean;
}

/**
 * Folder of the imported form of `source`: itself, an earlier import of the same files, or a new one. Safe when several
 * processes do it at once: each imports into a folder of its own and the first to finish wins.
 *
 * @throws GemmaError as importModel does; `bad-input` when `source` is no folder of a model and no name of one
 */
export async function ensureImported(options: EnsureImportedOptions): Promise<string> {
  if (isModelId(options.source)) {
    const installed = await requireInstalled(await modelsFolder(options.home), options.source);
    await readIntact(installed);
    return installed;
  }
  const folder = await CheckpointFolder.open(options.source);
  if ((await folder.find(MANIFEST_NAME)) !== null && (await folder.find('config.json')) === null) {
    const path = resolve(options.source);
    await readIntact(path);
    return path;
  }
  if ((await folder.find('config.json')) === null) {
    throw new GemmaError(
      'bad-input',
      `${options.source} holds neither a checkpoint (config.json) nor an imported model (manifest.json).`,
    );
  }
  const { source, home } = options;
  const quantization = await quantizationFor(folder, options.format);
  const models = await modelsFolder(home);
  const digest = await checkpointDigest(folder, quantization);
  const target = join(models, `${modelName(source)}-${quantization}-${digest}`);
  const found = await stateOf(target);
  if (found === 'intact') return target;
  // Only what was seen damaged: a folder that appears later is another process's finished import.
  if (found === 'damaged') await rm(target, { recursive: true, force: true });
  await mkdir(models, { recursive: true, mode: 0o700 });
  await sweepTemporaryFolders(models);
  try {
    await importModel({ ...options, quantization, target });
  } catch (error) {
    // Another process may have finished first; its import is as good.
    if ((await stateOf(target)) !== 'intact') throw error;
  }
  return target;
}

/** Of an import: `intact` when all its files are there in full length. */
async function stateOf(folder: string): Promise<'missing' | 'damaged' | 'intact'> {
  if ((await stat(folder).catch(() => null)) === null) return 'missing';
  return readIntact(folder).then(
    () => 'intact',
    () => 'damaged',
  );
}
