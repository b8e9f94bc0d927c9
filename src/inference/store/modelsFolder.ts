import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import * as v from 'valibot';
import { readJson, writeJson } from './jsonFile.ts';

/** In the home folder; without it models lie beside it, in `models`. */
const POINTER_NAME = 'models-folder.json';

/** The one that is there counts, the first before the second. */
const Pointer = v.object({
  folders: v.pipe(
    v.array(v.pipe(v.string(), v.check(isAbsolute, 'The path must be absolute.'))),
    v.maxLength(2),
  ),
});

/**
 * Where the models of `home` lie. When the folder that a person chose is not there, as with a disk that is not plugged
 * in, the one in `home` serves until it comes back.
 */
export async function modelsFolder(home: string): Promise<string> {
  const pointer = await readJson(join(home, POINTER_NAME), Pointer);
  for (const folder of pointer?.folders ?? []) {
    if (await isFolder(folder)) return folder;
  }
  return join(home, 'models');
}

/**
 * Written before the models move from `old` to `next`, which appears at once and as a whole: whenever the process ends,
 * one of them is there.
 */
export async function pointToModels(home: string, next: string, old: string): Promise<void> {
  await writeJson(join(home, POINTER_NAME), { folders: [next, old] });
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
