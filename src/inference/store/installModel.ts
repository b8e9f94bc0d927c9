import { copyFile, mkdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { GemmaError } from '../../protocol/errors.ts';
import type { InstalledModel } from '../../protocol/models.ts';
import { createFolder } from '../importer/createFolder.ts';
import { modelName } from '../importer/modelName.ts';
import { MANIFEST_NAME, manifestFiles, readManifest } from '../model/modelManifest.ts';
import { ensureImported, type EnsureImportedOptions } from './importedModels.ts';
import { describeInstalled, findInstalled, modelIdOf } from './installedModels.ts';
import { readOrigin, writeOrigin } from './modelOrigin.ts';
import { modelsFolder } from './modelsFolder.ts';
import { verifyModel } from './verifyModel.ts';

/**
 * Imports a checkpoint of the person's into the models folder, or copies an imported model there.
 *
 * @throws GemmaError as importModel does; `bad-input` when `source` is no folder of a model
 */
export async function installModel(options: EnsureImportedOptions): Promise<InstalledModel> {
  const models = await modelsFolder(options.home);
  const imported = await ensureImported(options);
  const folder = dirname(imported) === models ? imported : await copyModel(imported, models, options);
  if ((await readOrigin(folder)) === null) {
    await writeOrigin(folder, { kind: 'folder', path: resolve(options.source) });
  }
  return describeInstalled(folder, modelIdOf(basename(folder)));
}

async function copyModel(
  source: string,
  models: string,
  { onProgress, cancelled }: EnsureImportedOptions,
): Promise<string> {
  const id = modelIdOf(modelName(source));
  if ((await findInstalled(models, id)) !== null) {
    throw new GemmaError('bad-input', `There is a model ${id} already: remove it first.`);
  }
  await mkdir(models, { recursive: true, mode: 0o700 });
  const target = join(models, id);
  const files = manifestFiles(await readManifest(source)).map(({ name }) => name);
  await createFolder(target, async (folder) => {
    for (const [index, name] of [...files, MANIFEST_NAME].entries()) {
      if (cancelled?.() === true) throw new GemmaError('cancelled', 'The copy was cancelled.');
      await copyFile(join(source, name), join(folder, name));
      onProgress?.((index + 1) / (files.length + 1));
    }
    await verifyModel(folder);
  });
  return target;
}
