import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GemmaError } from '../../../protocol/errors.ts';
import { syncFolder } from '../createFolder.ts';
import { MAX_CONFIG_BYTES, MAX_TOKENIZER_BYTES } from '../modelDescription.ts';
import { LAYOUT_FILES, MAX_LAYOUT_FILE_BYTES } from '../readLayouts.ts';
import type { OpenRemoteFile, RemoteFile } from '../remoteFile.ts';
import { INDEX_NAME, MAX_INDEX_BYTES } from '../weightFiles.ts';
import { ContentHash } from './contentHash.ts';
import { receive } from './receive.ts';
import { PART } from './workFolder.ts';

/** Files that are kept as they are until the model is complete, and how long a real one is at most. */
const maxBytes: ReadonlyMap<string, number> = new Map([
  ['config.json', MAX_CONFIG_BYTES],
  ...LAYOUT_FILES.map((name): [string, number] => [name, MAX_LAYOUT_FILE_BYTES]),
  [INDEX_NAME, MAX_INDEX_BYTES],
  ['tokenizer.json', MAX_TOKENIZER_BYTES],
]);
const needed = ['config.json', 'tokenizer.json'];

export interface SmallFileOptions {
  /** Where the files come to lie. */
  readonly folder: string;
  readonly open: OpenRemoteFile;
  readonly signal: AbortSignal;
  /** Bytes of these files that are there. */
  readonly onProgress: (bytes: number) => void;
}

/**
 * Fetches the small ones of `files` that aren't there yet. What has its name in the folder is verified.
 *
 * @returns bytes of all of them
 * @throws GemmaError `model-damaged` when one is missing or too large; `untrusted`; what opening throws
 */
export async function fetchSmallFiles(
  files: readonly RemoteFile[],
  options: SmallFileOptions,
): Promise<number> {
  const small = [...maxBytes.keys()].flatMap((name) => files.find((file) => file.name === name) ?? []);
  for (const name of needed) {
    if (small.some((file) => file.name === name)) continue;
    throw new GemmaError('model-damaged', `${name} is missing in the repository.`);
  }
  for (const { name, bytes } of small) {
    const most = maxBytes.get(name) ?? 0;
    if (bytes <= most) continue;
    throw new GemmaError('model-damaged', `${name} has ${bytes} bytes; more than ${most} can't be right.`);
  }
  const present = new Map<string, number>();
  for (const { name } of small) {
    const path = join(options.folder, name);
    present.set(name, (await lengthOf(path)) ?? (await lengthOf(`${path}${PART}`)) ?? 0);
  }
  const onProgress = (name: string, bytes: number): void => {
    present.set(name, bytes);
    options.onProgress([...present.values()].reduce((total, length) => total + length, 0));
  };
  for (const file of small) {
    await fetchFile(file, { ...options, onProgress: (bytes) => onProgress(file.name, bytes) });
    onProgress(file.name, file.bytes);
  }
  return small.reduce((total, { bytes }) => total + bytes, 0);
}

async function fetchFile(file: RemoteFile, options: SmallFileOptions): Promise<void> {
  const path = join(options.folder, file.name);
  if ((await lengthOf(path)) !== null) return;
  const part = `${path}${PART}`;
  const before = (await lengthOf(part)) ?? 0;
  if (before > file.bytes) await rm(part);
  await fetchRest(file, part, options);
  try {
    const hash = await ContentHash.create(file);
    hash.update(await readFile(part));
    hash.verify();
  } catch (error) {
    await rm(part);
    if (before === 0) throw error;
    // What an earlier process wrote may have been lost with the power.
    return fetchFile(file, options);
  }
  await rename(part, path);
  await syncFolder(options.folder);
}

/** Appends what is missing in the file at `part`. */
async function fetchRest(file: RemoteFile, part: string, options: SmallFileOptions): Promise<void> {
  const handle = await open(part, 'a', 0o600);
  try {
    let { size } = await handle.stat();
    for await (const bytes of receive(file, size, options.open, options.signal)) {
      await handle.appendFile(bytes);
      size += bytes.length;
      options.onProgress(size);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function lengthOf(path: string): Promise<number | null> {
  const stats = await stat(path).catch(() => null);
  return stats?.size ?? null;
}
