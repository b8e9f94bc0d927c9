import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { GemmaError } from '../../protocol/errors.ts';
import { explainWriteError, systemCode } from './writeErrors.ts';

/** Temporary folders are `.NAME.importing-PID-RANDOM`, beside the folder they become. */
const TEMPORARY = /^\..+\.importing-(\d+)-[0-9a-f]{16}$/;

/** Id of the process that made the temporary folder `name`; null when it is not one. */
export function temporaryFolderOwner(name: string): number | null {
  const match = TEMPORARY.exec(name);
  return match === null ? null : Number(match[1]);
}

/** Path of a temporary folder of this process beside `path`. */
export function temporaryFolderFor(path: string): string {
  const suffix = `${process.pid}-${randomBytes(8).toString('hex')}`;
  return join(dirname(path), `.${basename(path)}.importing-${suffix}`);
}

/**
 * Creates the folder `target` as a whole or not at all: `fill` works in a temporary folder beside it, which is then
 * flushed and renamed. When anything fails, nothing is left behind.
 *
 * @throws GemmaError `bad-input` when `target` exists and is not empty, or can't be written; `disk-full`; what `fill`
 * throws
 */
export async function createFolder<T>(target: string, fill: (folder: string) => Promise<T>): Promise<T> {
  const path = resolve(target);
  await refuseExisting(path);
  const parent = dirname(path);
  const temporary = temporaryFolderFor(path);
  let created: string | undefined;
  try {
    created = await mkdir(parent, { recursive: true });
    await mkdir(temporary);
    const result = await fill(temporary);
    await publishFolder(temporary, path);
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (created !== undefined) await removeEmpty(parent, created);
    throw explainWriteError(error, path);
  }
}

/**
 * Makes the entries of the folder `from` durable and renames it to `path`, on the same file system.
 *
 * @throws GemmaError `bad-input` when `path` exists and is not empty
 */
export async function publishFolder(from: string, path: string): Promise<void> {
  await syncFolder(from);
  await moveInto(from, path);
  await syncFolder(dirname(path));
}

/** @throws GemmaError `bad-input` when `path` is a folder that isn't empty, or no folder */
export async function refuseExisting(path: string): Promise<void> {
  let entries: string[];
  try {
    entries = await readdir(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw explainWriteError(error, path);
  }
  if (entries.length > 0) throw exists(path);
}

async function moveInto(temporary: string, path: string): Promise<void> {
  // An empty folder may be there already; Windows does not rename onto one.
  await rmdir(path).catch(() => undefined);
  try {
    await rename(temporary, path);
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'EPERM', 'ENOTDIR'].includes(systemCode(error) ?? '')) throw exists(path);
    throw error;
  }
}

/** Makes the folder's entries durable. */
export async function syncFolder(path: string): Promise<void> {
  // Windows has no handle of a folder that could be flushed.
  if (process.platform === 'win32') return;
  const handle = await open(path);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Takes back the folders that were created: `first` and those below it down to `last`. */
async function removeEmpty(last: string, first: string): Promise<void> {
  for (let path = last; ; path = dirname(path)) {
    const removed = await rmdir(path).then(
      () => true,
      () => false,
    );
    if (!removed || path === first) return;
  }
}

function exists(path: string): GemmaError {
  return new GemmaError('bad-input', `${path} exists and is not empty; choose another folder.`);
}
