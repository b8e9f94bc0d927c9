import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';

/** Cores that a quota of version 2 (`QUOTA PERIOD`, in microseconds) stands for; Infinity: none. */
function coresOf(text: string): number {
  const [quota, period] = text.trim().split(/\s+/u).map(Number);
  return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : Infinity;
}

/**
 * Processor time that the process and everything above it in its control groups may use, in cores. Containers are given
 * a share of time, not of cores, so nothing else tells of it.
 *
 * @param root where `/proc` and `/sys` are
 * @returns Infinity where there is no limit, or no control groups
 */
export async function cpuQuota(root = '/'): Promise<number> {
  const read = (...path: string[]): Promise<string> => readFile(join(root, ...path), 'utf8').catch(() => '');
  const groups = (await read('proc/self/cgroup')).split('\n').map((line) => line.split(':'));
  const limits = [Infinity];
  for (const [, controllers = '', path = '/'] of groups) {
    const isUnified = controllers === '';
    if (!isUnified && !controllers.split(',').includes('cpu')) continue;
    // A container sees its own group as the root, but may be told the path outside.
    for (const folder of [...ancestors(path), '/']) {
      if (isUnified) limits.push(coresOf(await read('sys/fs/cgroup', folder, 'cpu.max')));
      else {
        const group = join('sys/fs/cgroup/cpu', folder);
        limits.push(
          coresOf(`${await read(group, 'cpu.cfs_quota_us')} ${await read(group, 'cpu.cfs_period_us')}`),
        );
      }
    }
  }
  return Math.min(...limits);
}

/** `path` and the folders above it but the root. */
function ancestors(path: string): string[] {
  const folders: string[] = [];
  for (let folder = posix.join('/', path); folder !== '/'; folder = posix.dirname(folder))
    folders.push(folder);
  return folders;
}
