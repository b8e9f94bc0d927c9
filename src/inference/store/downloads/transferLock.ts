import { createHash } from 'node:crypto';
import { lstat, mkdir, realpath } from 'node:fs/promises';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { GemmaError } from '../../../protocol/errors.ts';
import { namesIn } from '../installedModels.ts';
import { DOWNLOADS_NAME } from './transferFolder.ts';
import { winElection, winPipe } from '../../election.ts';

/** Whoever holds it is the only one on this machine that works in a folder; the kernel frees it on death. */
export interface TransferLock {
  release(): void;
}

/** 80 bits: enough that two folders of one person never meet. */
const HASH_CHARS = 20;

/**
 * Locks an existing folder against other processes, of whatever version.
 *
 * The sockets lie in a place that every program of a person names alike, whatever its environment, and whose path is
 * short enough for them.
 *
 * @throws GemmaError `bad-input` when another process holds it
 */
export async function lockFolder(folder: string): Promise<TransferLock> {
  const hash = createHash('sha256')
    .update(await realpath(folder))
    .digest('hex')
    .slice(0, HASH_CHARS);
  const server = createServer((socket) => socket.destroy());
  const won =
    process.platform === 'win32'
      ? await winPipe(server, String.raw`\\.\pipe\gemma-code-lock-${hash}`)
      : await winElection(server, await lockPlace(hash));
  if (!won) {
    throw new GemmaError(
      'bad-input',
      'Another Gemma Code on this machine downloads this model already: see its progress there, or stop it first.',
    );
  }
  return {
    release() {
      server.close();
    },
  };
}

async function lockPlace(hash: string): Promise<string> {
  const { uid } = userInfo();
  const mine = `/tmp/gemma-code-${uid}`;
  const place = join(mine, 'locks', hash);
  await mkdir(place, { recursive: true, mode: 0o700 });
  const stats = await lstat(mine);
  if (stats.isDirectory() && stats.uid === uid) return place;
  throw new GemmaError('bad-input', `${mine} belongs to somebody else: downloads can't be kept apart.`);
}

/** Locks all downloads of a models folder. @throws GemmaError `bad-input` when one runs in another process */
export async function lockTransfers(models: string): Promise<readonly TransferLock[]> {
  const downloads = join(models, DOWNLOADS_NAME);
  const locks: TransferLock[] = [];
  try {
    for (const name of await namesIn(downloads)) locks.push(await lockFolder(join(downloads, name)));
  } catch (error) {
    for (const lock of locks) lock.release();
    throw error;
  }
  return locks;
}
