// node_modules exactly as package-lock.json says.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from './paths.mjs';
import { npmEnvironment, run, step } from './report.mjs';

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [optional]
 * @property {boolean} [link]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 */

/** Installs the packages of package-lock.json unless they are all there already. */
export async function ensureDependencies() {
  const locked = await readPackages('package-lock.json');
  if (!locked) throw new Error('package-lock.json is missing or damaged.');
  const installed = await readPackages('node_modules/.package-lock.json');
  if (installed && isInstalled(locked, installed)) return;
  const count = Object.keys(locked).length - 1;
  await step(`installing ${count} packages (npm ci, no install scripts)`, () =>
    run('npm', ['ci', '--ignore-scripts'], { cwd: root, env: npmEnvironment() }),
  );
}

/**
 * @param {string} file
 * @returns {Promise<Record<string, LockedPackage> | undefined>}
 */
async function readPackages(file) {
  try {
    return JSON.parse(await readFile(path.join(root, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * npm writes its hidden lock file last, so an interrupted install is seen as well.
 * @param {Record<string, LockedPackage>} locked
 * @param {Record<string, LockedPackage>} installed
 */
function isInstalled(locked, installed) {
  for (const [name, wanted] of Object.entries(locked)) {
    if (name === '' || (wanted.optional && !isForThisMachine(wanted))) continue;
    const found = installed[name];
    if (found?.version !== wanted.version || found?.integrity !== wanted.integrity) return false;
  }
  return true;
}

/** Optional packages for one system each are binaries that we do need; npm may leave out all others.
 * @param {LockedPackage} entry */
function isForThisMachine({ os, cpu, libc }) {
  return os?.includes(process.platform) && cpu?.includes(process.arch) && !libc;
}
