// The same package from another place, by another person's settings.
import { chmod, cp, lutimes, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from '../setup/paths.mjs';
import { run } from '../setup/report.mjs';
import { vsixName } from './targets.mjs';

/** @typedef {import('./targets.mjs').TargetName} TargetName */

/** What a package is not made of. */
const NOT_COPIED = new Set([
  '.git',
  '.gemma-code',
  '.vscode-host',
  'bench',
  'dist',
  'node_modules',
  'out',
  'test',
  'training',
]);

/**
 * Builds packages from a copy of the sources: in another folder, with other times and modes of the files, another
 * time zone and language.
 *
 * @param {readonly TargetName[]} names
 * @returns {Promise<Map<TargetName, Buffer>>}
 */
export async function buildAgain(names) {
  const folder = await mkdtemp(path.join(tmpdir(), 'gemma-code-again-'));
  try {
    const copy = path.join(folder, 'elsewhere');
    await mkdir(copy);
    for (const name of await readdir(root)) {
      if (NOT_COPIED.has(name) || name.endsWith('.vsix')) continue;
      await cp(path.join(root, name), path.join(copy, name), { recursive: true });
    }
    await disguise(copy);
    await symlink(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
    const env = { ...process.env, TZ: 'Pacific/Chatham', LC_ALL: 'C', SOURCE_DATE_EPOCH: '1' };
    const args = names.flatMap((name) => ['--target', name]);
    const mask = process.umask(0o077);
    await run(process.execPath, ['scripts/package.mjs', ...args], { cwd: copy, env }).finally(() =>
      process.umask(mask),
    );
    const built = names.map(
      async (name) => /** @type {const} */ ([name, await readFile(path.join(copy, vsixName(name)))]),
    );
    return new Map(await Promise.all(built));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Gives everything below a folder an old time and a narrow mode. @param {string} folder */
async function disguise(folder) {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const name = path.join(entry.parentPath, entry.name);
    await chmod(name, entry.isDirectory() ? 0o700 : 0o600);
    await lutimes(name, 1e9, 1e9);
  }
}
