import { randomBytes } from 'node:crypto';
import { link, readdir, unlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { generationOf, latestGeneration, pidFile, socketFile } from '../protocol/endpointFiles.ts';

/**
 * Makes `server` listen as the one owner of the endpoint; false when another process owns it.
 *
 * The socket is bound and listening under a private name before a hard link publishes it as the next generation:
 * linking fails when the name exists, so one starter wins, and a published socket that refuses connections is
 * certainly dead. A dead owner's socket is deleted only by a successor, after its own is there, so nobody can mistake
 * a fresh socket for the stale one it saw before. A winner who then finds a higher generation had read the folder in
 * mid-change, and withdraws before it has answered anybody.
 */
export async function winElection(server: Server, folder: string): Promise<boolean> {
  const draft = join(folder, `.${randomBytes(4).toString('hex')}`);
  await listen(server, draft);
  try {
    const generation = await publish(draft, folder);
    const names = await readdir(folder);
    if (generation === null || latestGeneration(names) !== generation) {
      server.close();
      return false;
    }
    await writeFile(join(folder, pidFile(generation)), String(process.pid), { mode: 0o600 });
    await removeOlder(folder, names, generation);
    return true;
  } finally {
    await unlink(draft).catch(() => undefined);
  }
}

/** On Windows the kernel gives a pipe's name to one process and frees it when that ends. */
export async function winPipe(server: Server, pipe: string): Promise<boolean> {
  try {
    await listen(server, pipe);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false;
    throw error;
  }
}

/** The generation that `draft` became, or null when a living owner was found. */
async function publish(draft: string, folder: string): Promise<number | null> {
  for (;;) {
    const latest = latestGeneration(await readdir(folder));
    if (latest > 0 && (await isAlive(join(folder, socketFile(latest))))) return null;
    try {
      await link(draft, join(folder, socketFile(latest + 1)));
      return latest + 1;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}

/** Anything but a clear refusal counts as alive: a stopped or overloaded owner still owns. */
function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}

async function removeOlder(folder: string, names: readonly string[], generation: number): Promise<void> {
  for (const name of names) {
    const other = generationOf(name);
    if (other === null || other >= generation) continue;
    await unlink(join(folder, name)).catch(() => undefined);
    await unlink(join(folder, pidFile(other))).catch(() => undefined);
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
