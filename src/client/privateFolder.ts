import { randomBytes } from 'node:crypto';
import { link, lstat, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TOKEN_FILE } from '../protocol/endpointFiles.ts';
import { GemmaError } from '../protocol/errors.ts';

/**
 * Creates `folder` and its parent so that only this user can enter them.
 *
 * @throws GemmaError `engine-unavailable` when somebody else prepared one of them
 */
export async function createPrivateFolder(folder: string): Promise<void> {
  await mkdir(dirname(dirname(folder)), { recursive: true });
  for (const path of [dirname(folder), folder]) {
    await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await assertPrivate(path);
  }
}

/** Windows keeps temporary files under the user's profile, whose access list already does this. */
async function assertPrivate(path: string): Promise<void> {
  const entry = await lstat(path);
  const foreign =
    process.getuid !== undefined && (entry.uid !== process.getuid() || (entry.mode & 0o077) !== 0);
  if (!entry.isDirectory() || foreign) {
    throw new GemmaError(
      'engine-unavailable',
      `${path} is not a private folder of this user (mode 0700); remove it and try again.`,
    );
  }
}

/** The folder's 256-bit token, created by whoever comes first: linking makes the finished file appear at once. */
export async function ensureToken(folder: string): Promise<string> {
  const path = join(folder, TOKEN_FILE);
  const existing = await readFile(path, 'utf8').catch(() => null);
  if (existing !== null) return existing;
  const draft = join(folder, `.${randomBytes(8).toString('hex')}`);
  try {
    await writeFile(draft, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await unlink(draft).catch(() => undefined);
  }
  return readFile(path, 'utf8');
}
