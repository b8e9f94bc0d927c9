import { join } from 'node:path';
import { ModelOrigin } from '../../protocol/models.ts';
import { readJson, writeJson } from './jsonFile.ts';

/** Beside the manifest in a model's folder. */
const ORIGIN_NAME = 'origin.json';

/** Null: nobody wrote it down. */
export async function readOrigin(folder: string): Promise<ModelOrigin | null> {
  return readJson(join(folder, ORIGIN_NAME), ModelOrigin);
}

export async function writeOrigin(folder: string, origin: ModelOrigin): Promise<void> {
  await writeJson(join(folder, ORIGIN_NAME), origin);
}
