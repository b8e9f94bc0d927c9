import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { GemmaError } from '../../../protocol/errors.ts';
import type { WeightPlan } from '../weightPlan.ts';
import { COMMIT_BYTES } from './weightReceiver.ts';
import type { WorkFolder } from './workFolder.ts';

/** `stat` counts what is allocated in blocks of this size. */
const BLOCK_BYTES = 512;
/** Of a gigabyte. */
const TENTH = 100_000_000;
/** Graphs, headers, journal. */
const SMALL_BYTES = 4 << 20;

/**
 * @param target whose disk it is, for the message
 * @throws GemmaError `disk-full` when what is still to be written doesn't fit
 */
export async function checkDiskSpace(
  plan: WeightPlan,
  otherBytes: number,
  work: WorkFolder,
  target: string,
): Promise<void> {
  const data = plan.files.reduce((total, { bytes }) => total + bytes, 0);
  const present = (await allocatedIn(work.model)) + (await allocatedIn(work.scratch));
  const needed = Math.max(0, data + scratchBytes(plan) + otherBytes + SMALL_BYTES - present);
  const { bavail, bsize } = await statfs(work.path);
  const free = bavail * bsize;
  if (free >= needed) return;
  const [more, left] = [Math.ceil(needed / TENTH), Math.floor(free / TENTH)].map((tenths) => tenths / 10);
  throw new GemmaError(
    'disk-full',
    `${target} needs ${more} GB more, but only ${left} GB are free on its disk. Make room and try again.`,
  );
}

/** Matrices that have arrived and are not in place for good: those since the last commit, and the one that arrives. */
function scratchBytes({ weights }: WeightPlan): number {
  const matrices = weights.flatMap(({ recipe, ranges }) =>
    recipe.kind === 'channels' ? ranges[0]!.length : [],
  );
  return matrices.length === 0 ? 0 : Math.max(...matrices) + COMMIT_BYTES;
}

async function allocatedIn(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder).catch(() => [])) {
    bytes += (await stat(join(folder, name))).blocks * BLOCK_BYTES;
  }
  return bytes;
}
