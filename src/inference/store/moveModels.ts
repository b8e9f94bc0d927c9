import { cp, mkdir, readdir, rename, rm, rmdir, stat, statfs } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { GemmaError } from '../../protocol/errors.ts';
import { temporaryFolderFor, temporaryFolderOwner } from '../importer/createFolder.ts';
import { explainWriteError } from '../importer/writeError.ts';
import { lockTransfers } from './downloads/transferLock.ts';
import { namesIn } from './installedModels.ts';
import { modelsFolder, pointToModels } from './modelsFolder.ts';
import { verifyModel } from './verifyModel.ts';

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
}

/** File by file, so that it can be stopped and its progress seen; then every model is compared with its manifest. */
async function copyModels(
  from: string,
  to: string,
  onProgress: MoveOptions['onProgress'],
  cancelled: MoveOptions['cancelled'],
): Promise<void> {
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  const files: { readonly way: string; readonly bytes: number }[] = [];
  for (const entry of entries) {
    const way = relative(from, join(entry.parentPath, entry.name));
    const isTemporary = way.split(/[/\\]/).some((name) => temporaryFolderOwner(name) !== null);
    if (!entry.isFile() || isTemporary) continue;
    files.push({ way, bytes: (await stat(join(from, way))).size });
  }
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  await mkdir(to, { mode: 0o700 });
  const { bavail, bsize } = await statfs(to);
  if (bavail * bsize < total) {
    throw new GemmaError(
      'disk-full',
      `The models need ${(total / 1e9).toFixed(1)} GB; there is less room on the disk of ${dirname(to)}.`,
    );
  }
  let done = 0;
  for (const { way, bytes } of files) {
    if (cancelled()) throw new GemmaError('cancelled', 'The move was cancelled.');
    await mkdir(dirname(join(to, way)), { recursive: true, mode: 0o700 });
    await cp(join(from, way), join(to, way), { preserveTimestamps: true });
    done += bytes;
    // Comparing takes about as long as copying.
    onProgress(done / Math.max(1, total) / 2);
  }
  await compareModels(from, to, (fraction) => onProgress(0.5 + fraction / 2), cancelled);
}

async function compareModels(
  from: string,
  to: string,
  onProgress: MoveOptions['onProgress'],
  cancelled: MoveOptions['cancelled'],
): Promise<void> {
  const names = (await namesIn(to)).filter((name) => !name.startsWith('.'));
  for (const [index, name] of names.entries()) {
    if (cancelled()) throw new GemmaError('cancelled', 'The move was cancelled.');
    const error = await damageOf(join(to, name));
    // What was damaged before may stay so.
    if (error !== null && (await damageOf(join(from, name))) === null) throw error;
    onProgress((index + 1) / names.length);
  }
}

function damageOf(folder: string): Promise<unknown> {
  return verifyModel(folder).then(
    () => null,
    (error: unknown) => error,
  );
}
