import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolderOwner } from '../importer/createFolder.ts';

/** No import takes longer; beyond it the process id is somebody else's. */
const MAX_AGE_MS = 24 * 60 * 60 * 1_000;

/** Removes what imports of ended processes left in `folder`. */
export async function sweepTemporaryFolders(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const owner = temporaryFolderOwner(name);
    if (owner === null) continue;
    const path = join(folder, name);
    const age = Date.now() - ((await stat(path).catch(() => null))?.mtimeMs ?? Date.now());
    if (isAlive(owner) && age < MAX_AGE_MS) continue;
    await rm(path, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // The process of another user: alive, but not ours to signal.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
