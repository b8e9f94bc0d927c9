import { basename, dirname, resolve } from 'node:path';

const MAX_NAME_CHARS = 80;

/** What people call the model in `folder`: the folder's name, reduced to characters that are safe everywhere. */
export function modelName(folder: string): string {
  const path = resolve(folder);
  // The Hugging Face cache: models--ORGANIZATION--NAME/snapshots/REVISION.
  const isSnapshot = basename(dirname(path)) === 'snapshots';
  const name = isSnapshot ? basename(dirname(dirname(path))).replace(/^.*--/, '') : basename(path);
  const safe = name
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, MAX_NAME_CHARS);
  return safe === '' ? 'model' : safe;
}
