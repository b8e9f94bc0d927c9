import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface TemporaryFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** A fresh folder with a short path: sockets are put below it. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const folder = await mkdtemp(path.join(await realpath(tmpdir()), 'gc-'));
  // A process that was just ended may still be closing its files.
  return { path: folder, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 10 }) };
}
