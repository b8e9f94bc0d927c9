import { mkdir, open, readdir, readlink, symlink, rename, rm, rmdir, stat, statfs } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { GemmaError } from '../../protocol/errors.ts';
import { temporaryFolderFor, temporaryFolderOwner } from '../importer/createFolder.ts';
import { explainWriteError } from '../importer/writeErrors.ts';
import { lockTransfers } from './downloads/transferLock.ts';
import { namesIn } from './installedModels.ts';
import { modelsFolder, pointToModels } from './modelsFolder.ts';
import { verifyModel } from './verifyModel.ts';

/** Between two looks at whether it was cancelled. */
const COPY_BYTES = 4 * 2 ** 20;

export interface MoveOptions {
  readonly home: string;
  /** Absolute; empty or new. */
  readonly folder: string;
  readonly onProgress: (fraction: number) => void;
  readonly cancelled: () => boolean;
}

/**
 * Moves all models, downloads and records to another folder: at once on the same disk, else by a copy that is compared
 * before the old one goes. Until the end, and whenever it ends early, they are where they were.
 *
 * @throws GemmaError `bad-input` (the folder can't be used, a download runs), `disk-full`, `model-damaged` (a model that
 * can't be copied whole), `cancelled`
 */
export async function moveModels(options: MoveOptions): Promise<void> {
  const from = await modelsFolder(options.home);
  const to = resolve(options.folder);
  await checkTarget(from, to, options.folder);
  try {
    await mkdir(from, { recursive: true, mode: 0o700 });
    await mkdir(dirname(to), { recursive: true });
    const locks = await lockTransfers(from);
    try {
      await move(from, to, options);
    } finally {
      for (const lock of locks) lock.release();
    }
  } catch (error) {
    throw explainWriteError(error, to);
  }
}

async function checkTarget(from: string, to: string, asked: string): Promise<void> {
  const way = relative(from, to);
  if (!isAbsolute(asked) || way === '' || !(way.startsWith('..') || isAbsolute(way))) {
    throw new GemmaError('bad-input', `Choose a folder outside of ${from}, where the models are now.`);
  }
  const entries = await readdir(to).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new GemmaError('bad-input', `${to} can't be used: choose another folder.`, { cause: error });
  });
  if (entries.length === 0) return;
  throw new GemmaError('bad-input', `${to} is not empty: choose an empty folder, or a new one.`);
}

async function move(from: string, to: string, { home, onProgress, cancelled }: MoveOptions): Promise<void> {
  // The pointer must never lead to an empty folder.
  await rmdir(to).catch(() => undefined);
  await pointToModels(home, to, from);
  try {
    await rename(from, to);
    onProgress(1);
    return;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error;
  }
  const copy = temporaryFolderFor(to);
  try {
    await copyModels(from, copy, onProgress, cancelled);
    await rename(copy, to);
  } catch (error) {
    await rm(copy, { recursive: true, force: true });
    throw error;
  }
  await rm(from, { recursive: true, force: true });
  onProgress(1);
}

/** File by file, so that it can be stopped and its progress seen; then every model is compared with its manifest. */
async function copyModels(
  from: string,
  to: string,
  onProgress: MoveOptions['onProgress'],
  cancelled: MoveOptions['cancelled'],
): Promise<void> {
  const entries = await listTree(from);
  const total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  await mkdir(to, { mode: 0o700 });
  const { bavail, bsize } = await statfs(to);
  if (bavail * bsize < total) {
    throw new GemmaError(
      'disk-full',
      `The models need ${(total / 1e9).toFixed(1)} GB; there is less room on the disk of ${dirname(to)}.`,
    );
  }
  let done = 0;
  for (const { way, kind } of entries) {
    const [source, target] = [join(from, way), join(to, way)];
    if (kind === 'folder') await mkdir(target, { mode: 0o700 });
    if (kind === 'link') await symlink(resolve(dirname(source), await readlink(source)), target);
    if (kind !== 'file') continue;
    await copyFile(source, target, (bytes) => {
      if (cancelled()) throw stopped();
      done += bytes;
      // Comparing takes about as long as copying.
      onProgress(done / total / 2);
    });
  }
  await compareModels(from, to, (fraction) => onProgress(0.5 + fraction / 2), cancelled);
}

interface TreeEntry {
  /** From the folder. */
  readonly way: string;
  readonly kind: 'folder' | 'link' | 'file';
  readonly bytes: number;
}

/** What lies below a folder, folders before what is in them; without what running imports make. */
async function listTree(folder: string, below = ''): Promise<TreeEntry[]> {
  const found: TreeEntry[] = [];
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    if (temporaryFolderOwner(entry.name) !== null) continue;
    const way = join(below, entry.name);
    if (entry.isDirectory()) {
      found.push({ way, kind: 'folder', bytes: 0 }, ...(await listTree(folder, way)));
    } else if (entry.isSymbolicLink()) {
      found.push({ way, kind: 'link', bytes: 0 });
    } else if (entry.isFile()) {
      found.push({ way, kind: 'file', bytes: (await stat(join(folder, way))).size });
    }
  }
  return found;
}

/** Durable when it returns: the original is going to be removed. */
async function copyFile(from: string, to: string, onBytes: (bytes: number) => void): Promise<void> {
  const chunk = new Uint8Array(COPY_BYTES);
  const source = await open(from, 'r');
  try {
    const target = await open(to, 'wx', 0o600);
    try {
      for (;;) {
        const { bytesRead } = await source.read(chunk, 0, chunk.length, null);
        if (bytesRead === 0) break;
        await target.writeFile(chunk.subarray(0, bytesRead));
        onBytes(bytesRead);
      }
      await target.sync();
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function compareModels(
  from: string,
  to: string,
  onProgress: MoveOptions['onProgress'],
  cancelled: MoveOptions['cancelled'],
): Promise<void> {
  const names = (await namesIn(to)).filter((name) => !name.startsWith('.'));
  for (const [index, name] of names.entries()) {
    if (cancelled()) throw stopped();
    const error = await damageOf(join(to, name));
    // What was damaged before may stay so.
    if (error !== null && (await damageOf(join(from, name))) === null) throw error;
    onProgress((index + 1) / names.length);
  }
}

function stopped(): GemmaError {
  return new GemmaError('cancelled', 'The move was cancelled.');
}

function damageOf(folder: string): Promise<unknown> {
  return verifyModel(folder).then(
    () => null,
    (error: unknown) => error,
  );
}
