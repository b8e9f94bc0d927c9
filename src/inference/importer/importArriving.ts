import { createReadStream } from 'node:fs';
import { createHash } from 'node:crypto';
import { mkdir, open as openFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Quantization } from '../../protocol/engine.ts';
import { GemmaError } from '../../protocol/errors.ts';
import { type ModelManifest, readManifest } from '../model/modelManifest.ts';
import { importModel } from './importModel.ts';
import type { OpenRemoteFile, RemoteFile } from './remoteFile.ts';

export interface ArrivingOptions {
  readonly files: readonly RemoteFile[];
  readonly open: OpenRemoteFile;
  readonly work: string;
  readonly target: string;
  readonly name: string;
  readonly quantization: Quantization;
  readonly onProgress: (doneBytes: number) => void;
  readonly signal: AbortSignal;
}

/** Stand-in: stores the files, then imports them. */
export async function importArriving(options: ArrivingOptions): Promise<ModelManifest> {
  const { files, open, work, target, name, quantization, onProgress, signal } = options;
  const source = join(work, name);
  await mkdir(source, { recursive: true });
  for (const file of files) {
    const path = join(source, file.name);
    const handle = await openFile(path, 'a');
    try {
      const { size } = await handle.stat();
      for await (const chunk of open(file, size, signal)) {
        await handle.write(chunk);
        onProgress(await arrivedBytes(work));
      }
    } finally {
      await handle.close();
    }
    const hash = createHash(file.digest.kind === 'sha256' ? 'sha256' : 'sha1');
    if (file.digest.kind === 'gitBlob') hash.update(`blob ${(await stat(path)).size}\0`);
    const chunks: AsyncIterable<Uint8Array> = createReadStream(path);
    for await (const chunk of chunks) hash.update(chunk);
    if (hash.digest('hex') !== file.digest.hex) {
      await rm(path);
      throw new GemmaError('untrusted', `${file.name} is not what it should be.`);
    }
  }
  await importModel({ source, target, quantization, cancelled: () => signal.aborted });
  await rm(work, { recursive: true });
  return readManifest(target);
}

export async function arrivedBytes(work: string): Promise<number> {
  let total = 0;
  for (const name of await readdir(work, { recursive: true }).catch(() => []))
    total += await stat(join(work, name)).then(
      (stats) => (stats.isFile() ? stats.size : 0),
      () => 0,
    );
  return total;
}
