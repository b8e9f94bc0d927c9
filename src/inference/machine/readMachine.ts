import { availableParallelism } from 'node:os';
import type { BackendName } from '../../protocol/engine.ts';
import type { Machine } from '../../protocol/models.ts';
import { availableMemory, machineMemory } from '../machineMemory.ts';
import { cpuQuota } from './cpuQuota.ts';

/**
 * What this machine has for the process: within a container or a limited group, what that leaves of it.
 *
 * @param freeDiskBytes where models are kept
 */
export async function readMachine(freeDiskBytes: number, backends: readonly BackendName[]): Promise<Machine> {
  const memoryBytes = machineMemory();
  const freeBytes = (await availableMemory()) ?? process.availableMemory();
  return {
    platform: process.platform,
    arch: process.arch,
    cores: Math.max(1, Math.min(availableParallelism(), Math.floor(await cpuQuota()))),
    memoryBytes,
    freeMemoryBytes: Math.min(memoryBytes, freeBytes),
    freeDiskBytes,
    backends: [...backends],
  };
}
