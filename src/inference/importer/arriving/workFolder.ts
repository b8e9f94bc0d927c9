import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Quantization } from '../../../protocol/engine.ts';
import { MANIFEST_NAME } from '../../model/modelManifest.ts';
import { syncFolder } from '../createFolder.ts';
import { IMPORT_VERSION } from '../modelPlan.ts';
import type { RemoteFile } from '../remoteFile.ts';
import { lastPosition } from './journal.ts';

/** Raise when what is in a work folder means something else. */
const WORK_VERSION = 1;

/** What lies where in a work folder. */
export interface WorkFolder {
  readonly path: string;
  /** What it is for. */
  readonly identity: string;
  /** The small files; those that are not complete end in {@link PART}. */
  readonly source: string;
  /** The headers of weight files, by their number. */
  readonly headers: string;
  /** The model that it becomes. */
  readonly model: string;
  readonly scratch: string;
  readonly journal: string;
}

export const PART = '.part';

function workFolder(path: string): WorkFolder {
  const inside = (name: string): string => join(path, name);
  return {
    path,
    identity: inside('identity'),
    source: inside('source'),
    headers: inside('headers'),
    model: inside('model'),
    scratch: inside('scratch'),
    journal: inside('journal'),
  };
}

/**
 * Begins the folder, or goes on with it when what lies in it is of the same files and for the same model; that model may
 * be at `target` already.
 */
export async function openWorkFolder(
  path: string,
  target: string,
  files: readonly RemoteFile[],
  quantization: Quantization,
): Promise<WorkFolder> {
  const work = workFolder(path);
  const identity = identityOf(files, quantization);
  const found = await readFile(work.identity, 'utf8').catch(() => null);
  const isWhole = (await exists(work.model)) || (await exists(join(target, MANIFEST_NAME)));
  if (found === identity && isWhole) return work;
  // The identity goes first, so that half of it is never taken for all.
  for (const part of partsOf(work)) await rm(part, { recursive: true, force: true });
  for (const folder of [work.source, work.headers, work.model]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
  await writeFile(work.identity, identity, { flush: true });
  await syncFolder(path);
  await syncFolder(dirname(path));
  return work;
}

/** After the model was published. The identity goes last, so that it can be done again. */
export async function removeWorkFolder(work: WorkFolder): Promise<void> {
  for (const part of partsOf(work).toReversed()) await rm(part, { recursive: true, force: true });
  await rmdir(work.path).catch(() => undefined);
}

/** Bytes of all files that the work folder at `path` has already; 0 when there is none. */
export async function arrivedBytes(path: string): Promise<number> {
  const { source, journal } = workFolder(path);
  let bytes = (await lastPosition(journal))?.bytes ?? 0;
  for (const name of await readdir(source).catch(() => [])) {
    bytes += (await stat(join(source, name)).catch(() => null))?.size ?? 0;
  }
  return bytes;
}

export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

/** All that is ours: the folder may be any. */
function partsOf({ identity, source, headers, model, scratch, journal }: WorkFolder): readonly string[] {
  return [identity, source, headers, model, scratch, journal];
}

function identityOf(files: readonly RemoteFile[], quantization: Quantization): string {
  const parts = files.map(({ name, bytes, digest }) => [name, bytes, digest.kind, digest.hex]);
  const all = [WORK_VERSION, IMPORT_VERSION, quantization, ...parts.map((part) => part.join('/')).sort()];
  return createHash('sha256').update(all.join('\n')).digest('hex');
}
