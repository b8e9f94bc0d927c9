import { statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { dirname } from 'node:path';
import type { BackendName } from '../../protocol/engine.ts';
import type { Machine } from '../../protocol/models.ts';
import { cpuQuota } from './cpuQuota.ts';

/**
 * What this machine has for the process: within a container or a limited group, what that leaves of it.
 *
 * @param folder where models are kept, or will be
 */
export async function readMachine(folder: string, backends: readonly BackendName[]): Promise<Machine> {
  // Without a limit it is 0, or more than there is.
  const limit = process.constrainedMemory();
  const memoryBytes = limit > 0 ? Math.min(totalmem(), limit) : totalmem();
  return {
    platform: process.platform,
    arch: process.arch,
    cores: Math.max(1, Math.min(availableParallelism(), Math.floor(await cpuQuota()))),
    memoryBytes,
    freeMemoryBytes: Math.min(memoryBytes, process.availableMemory()),
    freeDiskBytes: await freeDisk(folder),
    backends: [...backends],
  };
}

/** Of the disk that `folder` is on, or will be. */
async function freeDisk(folder: string): Promise<number> {
  for (let path = folder; ; path = dirname(path)) {
    const disk = await statfs(path).catch(() => null);
    if (disk !== null) return disk.bavail * disk.bsize;
    if (dirname(path) === path) return 0;
  }
}
