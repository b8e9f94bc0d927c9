import { availableParallelism, totalmem } from 'node:os';
import type { BackendName } from '../../protocol/engine.ts';
import type { Machine } from '../../protocol/models.ts';
import { cpuQuota } from './cpuQuota.ts';

/**
 * What this machine has for the process: within a container or a limited group, what that leaves of it.
 *
 * @param freeDiskBytes where models are kept
 */
export async function readMachine(freeDiskBytes: number, backends: readonly BackendName[]): Promise<Machine> {
  // Without a limit it is 0, or more than there is.
  const limit = process.constrainedMemory();
  const memoryBytes = limit > 0 ? Math.min(totalmem(), limit) : totalmem();
  return {
    platform: process.platform,
    arch: process.arch,
    cores: Math.max(1, Math.min(availableParallelism(), Math.floor(await cpuQuota()))),
    memoryBytes,
    freeMemoryBytes: Math.min(memoryBytes, process.availableMemory()),
    freeDiskBytes,
    backends: [...backends],
  };
}
