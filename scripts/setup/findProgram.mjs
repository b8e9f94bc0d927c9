import { access, constants } from 'node:fs/promises';
import path from 'node:path';

/**
 * The first of the programs `names` on the PATH, else the first of `places` that is there.
 * @param {string[]} names without `.exe`
 * @param {string[]} [places] absolute paths
 * @returns {Promise<string | undefined>} absolute path
 */
export async function findProgram(names, places = []) {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const onPath = names.flatMap((name) => folders.map((folder) => path.join(folder, name + suffix)));
  for (const candidate of [...onPath, ...places]) if (await isExecutable(candidate)) return candidate;
  return undefined;
}

/** @param {string} file */
export function isExecutable(file) {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
