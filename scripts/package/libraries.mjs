// The npm packages that are in a package: by what esbuild put into the bundles, and by whole files.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../setup/paths.mjs';

/**
 * @typedef {object} Library
 * @property {string} name
 * @property {string} version
 * @property {string} licence SPDX expression
 * @property {string} folder where it is installed
 */

const MODULES = 'node_modules/';

/** Libraries by the file of `dist/` that holds code of them. @returns {Promise<Map<string, Library[]>>} */
export async function librariesByBundle() {
  /** @type {import('esbuild').Metafile['outputs']} */
  const outputs = JSON.parse(await readFile(path.join(root, 'dist/.bundles.json'), 'utf8'));
  /** @type {Map<string, Library[]>} */
  const found = new Map();
  for (const [bundle, { inputs }] of Object.entries(outputs)) {
    const folders = Object.entries(inputs).flatMap(([input, { bytesInOutput }]) =>
      bytesInOutput > 0 && input.includes(MODULES) ? [packageFolder(input)] : [],
    );
    found.set(bundle, await Promise.all([...new Set(folders)].sort().map(readLibrary)));
  }
  return found;
}

/** @param {string} name of a package at the top of node_modules */
export const installedLibrary = (name) => readLibrary(path.join(root, MODULES, name));

/** The innermost package that a file belongs to. @param {string} file relative to the root folder */
function packageFolder(file) {
  const start = file.lastIndexOf(MODULES) + MODULES.length;
  const depth = file[start] === '@' ? 2 : 1;
  const name = file.slice(start).split('/', depth).join('/');
  return path.resolve(root, file.slice(0, start) + name);
}

/** @param {string} folder @returns {Promise<Library>} */
async function readLibrary(folder) {
  const { name, version, license } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
  return { name, version, licence: license, folder };
}

/**
 * Each library once, in the order of names and versions.
 * @param {readonly Library[]} libraries
 */
export function distinct(libraries) {
  const byId = new Map(libraries.map((library) => [`${library.name}@${library.version}`, library]));
  return [...byId].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, library]) => library);
}
