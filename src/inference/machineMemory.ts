import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { freemem, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A machine that has less for models has none to run them on; the embedded model takes a tenth of it. */
const LEAST_BYTES = 256 * 1024 * 1024;

/** Bytes that programs may have here: of the machine, or of the container around this process. */
export function machineMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** What models may take unless the person says otherwise, in bytes. */
export function defaultMemory(): number {
  return Math.max(LEAST_BYTES, Math.floor(machineMemory() / 2));
}

/** Bytes that programs can have without others being swapped out; null: unknown. */
export async function availableMemory(): Promise<number | null> {
  try {
    if (platform() === 'darwin') return await availableOnMac();
    return machineMemory() < totalmem() ? Math.min(freemem(), await availableInGroup()) : freemem();
  } catch {
    return null;
  }
}

/** `freemem` counts only pages that nothing was ever in; the kernel itself says which share could be had. */
async function availableOnMac(): Promise<number> {
  const { stdout } = await promisify(execFile)('/usr/sbin/sysctl', ['-n', 'kern.memorystatus_level']);
  return (numberIn(stdout) / 100) * totalmem();
}

/** A control group counts files that were read as used, although they make room for anything else. */
async function availableInGroup(): Promise<number> {
  const [, path = ''] = /^0::(.*)$/mu.exec(await readFile('/proc/self/cgroup', 'utf8')) ?? [];
  const folder = join('/sys/fs/cgroup', path);
  const used = numberIn(await readFile(join(folder, 'memory.current'), 'utf8'));
  const statistics = await readFile(join(folder, 'memory.stat'), 'utf8');
  const files = ['inactive_file', 'active_file'].map((name) =>
    numberIn(new RegExp(`^${name} (\\d+)$`, 'mu').exec(statistics)?.[1] ?? ''),
  );
  return machineMemory() - used + files.reduce((sum, bytes) => sum + bytes, 0);
}

/** @throws RangeError when it isn't one */
function numberIn(text: string): number {
  const value = Number(text.trim() || Number.NaN);
  if (!Number.isFinite(value)) throw new RangeError('The system says no number.');
  return value;
}
