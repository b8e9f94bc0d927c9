import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type InstalledModel, ModelId } from '../../protocol/models.ts';
import * as v from 'valibot';
import { GemmaError } from '../../protocol/errors.ts';
import { temporaryFolderFor } from '../importer/createFolder.ts';
import { kvBytes } from '../model/graphInterface.ts';
import { MANIFEST_NAME, manifestFiles, type ModelManifest, readManifest } from '../model/modelManifest.ts';
import { readOrigin } from './modelOrigin.ts';
import { findDamage } from './verifyModel.ts';
import { explainWriteError } from '../importer/writeErrors.ts';

const MAX_ID_CHARS = 100;

/** Of the models that are whole, by name; which of them are loaded is not known here. */
export async function listInstalled(models: string): Promise<readonly InstalledModel[]> {
  const found: InstalledModel[] = [];
  for (const name of (await namesIn(models)).toSorted()) {
    const id = modelIdOf(name);
    if (name.startsWith('.') || found.some((other) => other.id === id)) continue;
    const model = await describeInstalled(join(models, name), id).catch(() => null);
    if (model !== null) found.push(model);
  }
  return found;
}

/** Of the model in `folder`. @throws GemmaError `model-damaged` */
export async function describeInstalled(folder: string, id: ModelId): Promise<InstalledModel> {
  const manifest = await readIntact(folder);
  const { name, architecture, parameters, quantization, completion, chat } = manifest;
  const { size } = await stat(join(folder, MANIFEST_NAME));
  return {
    id,
    name,
    origin: await readOrigin(folder),
    architecture: architecture.generation,
    parameters,
    quantization,
    chat: chat !== null,
    completion: completion !== null && completion.layout !== 'instruction',
    contextTokens: architecture.maxPositions,
    kvBytesPerToken: kvBytes(architecture, 1),
    bytes: manifestFiles(manifest).reduce((total, { bytes }) => total + bytes, size),
    loaded: false,
  };
}

/** Manifest of a folder whose files are all there in full length. @throws GemmaError `model-damaged` */
export async function readIntact(folder: string): Promise<ModelManifest> {
  const manifest = await readManifest(folder);
  const damage = await findDamage(folder, manifest);
  if (damage !== null) throw new GemmaError('model-damaged', `${damage} Import the model again.`);
  return manifest;
}

/** Folder of the model `id`, whole or damaged; null: there is none. */
export async function findInstalled(models: string, id: ModelId): Promise<string | null> {
  const names = (await namesIn(models)).filter((name) => !name.startsWith('.'));
  const found = names.find((name) => name === id) ?? names.find((name) => modelIdOf(name) === id);
  return found === undefined ? null : join(models, found);
}

/** As `findInstalled`. @throws GemmaError `bad-input` when there is none */
export async function requireInstalled(models: string, id: ModelId): Promise<string> {
  const folder = await findInstalled(models, id);
  if (folder === null) throw new GemmaError('bad-input', `There is no model ${id} in ${models}.`);
  return folder;
}

/**
 * Removes a model, whole or damaged. A link is removed, not what it leads to.
 *
 * @throws GemmaError `bad-input` when there is none, or the folder can't be written
 */
export async function removeInstalled(models: string, id: ModelId): Promise<void> {
  const folder = await requireInstalled(models, id);
  // Nobody sees half a model, and what a crash leaves is swept as what is left of imports.
  const doomed = temporaryFolderFor(folder);
  try {
    await rename(folder, doomed);
    await rm(doomed, { recursive: true, force: true });
  } catch (error) {
    throw explainWriteError(error, folder);
  }
}

/** Whether it is the name of a model and no path. */
export function isModelId(name: string): boolean {
  return v.is(ModelId, name);
}

/** Name of a model for its folder's: the same one, unless it holds characters that a name must not have. */
export function modelIdOf(folderName: string): ModelId {
  const id = folderName
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '')
    .slice(0, MAX_ID_CHARS);
  return id === '' ? 'model' : id;
}

/** Names of the folder's entries; none when it isn't there. */
export async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
