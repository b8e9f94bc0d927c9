// dist/ as built from the sources that lie here now.
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from './paths.mjs';
import { run, step } from './report.mjs';

/** What the bundles are made of. */
const SOURCES = ['src', 'esbuild.js', 'package.json', 'package-lock.json'];
const STAMP = path.join(root, 'dist/.sources');

/** Builds dist/ when a source was added, changed or removed since the last build. */
export async function ensureBundles() {
  const wanted = await sourcesStamp();
  const built = await readFile(STAMP, 'utf8').catch(() => undefined);
  if (built !== wanted) await buildBundles();
}

/** Builds dist/ anew, with nothing left in it of earlier builds. */
export async function buildBundles() {
  await step('building', async () => {
    await rm(path.join(root, 'dist'), { recursive: true, force: true });
    const stamp = await sourcesStamp();
    await run(process.execPath, ['esbuild.js'], { cwd: root });
    await writeFile(STAMP, stamp);
  });
}

/** Changes with any source's name, size or time: fast, and sees deleted files too. */
async function sourcesStamp() {
  const hash = createHash('sha256');
  /** @param {string} relative */
  const add = async (relative) => {
    const info = await stat(path.join(root, relative));
    if (!info.isDirectory()) {
      hash.update(`${relative}\0${info.size}\0${info.mtimeMs}\n`);
      return;
    }
    const names = await readdir(path.join(root, relative));
    for (const name of names.sort()) await add(`${relative}/${name}`);
  };
  for (const source of SOURCES) await add(source);
  return hash.digest('hex');
}
