import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importArriving } from '../../src/inference/importer/importArriving.ts';
import { importModel } from '../../src/inference/importer/importModel.ts';
import type { OpenRemoteFile, RemoteFile } from '../../src/inference/importer/remoteFile.ts';
import type { ModelManifest } from '../../src/inference/model/modelManifest.ts';
import type { Quantization } from '../../src/protocol/engine.ts';
import { type Dtype, type RandomCheckpoint, writeCheckpoint } from './checkpoints.ts';
import { remoteFolder, type RemoteFolder } from './remoteFolder.ts';

/** Where files cost nothing to flush; null: there is no such place. */
const memory = existsSync('/dev/shm') ? '/dev/shm' : null;

export type Files = Readonly<Record<string, Buffer>>;

/** A checkpoint in a repository, on its way into a folder. */
export interface Arriving extends AsyncDisposable {
  readonly root: string;
  readonly source: string;
  readonly work: string;
  readonly target: string;
  readonly remote: RemoteFolder;
  /** What is done after each step. */
  readonly progress: number[];
  /** @param files of the repository; all, when left out */
  import(open: OpenRemoteFile, signal?: AbortSignal, files?: readonly RemoteFile[]): Promise<ModelManifest>;
  /** What is at `target` now. */
  files(): Files;
  /** Forgets the import and all that was done for it. */
  reset(): Promise<void>;
}

export async function arriving(
  checkpoint: RandomCheckpoint | null,
  quantization: Quantization,
  options: { readonly dtype?: Dtype; readonly shards?: number; readonly root?: string } = {},
): Promise<Arriving> {
  const root = options.root ?? (await mkdtemp(join(memory ?? tmpdir(), 'gemma-arriving-')));
  const source = join(root, 'checkpoint');
  const [work, target] = [join(root, 'models', '.model.arriving'), join(root, 'models', 'model')];
  if (checkpoint !== null) await writeCheckpoint(source, checkpoint, options);
  const remote = remoteFolder(source);
  const progress: number[] = [];
  return {
    root,
    source,
    work,
    target,
    remote,
    progress,
    import: (open, signal = new AbortController().signal, files = remote.files) =>
      importArriving({
        files,
        open,
        work,
        target,
        name: 'checkpoint',
        quantization,
        signal,
        onProgress: (bytes) => progress.push(bytes),
      }),
    files: () => filesIn(target),
    async reset() {
      for (const folder of [work, target]) await rm(folder, { recursive: true, force: true });
      progress.length = 0;
    },
    async [Symbol.asyncDispose]() {
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** What the import of the folder gives without any network. */
export async function importedFiles({ root, source }: Arriving, quantization: Quantization): Promise<Files> {
  const target = join(root, 'imported');
  await importModel({ source, target, quantization });
  const files = filesIn(target);
  await rm(target, { recursive: true });
  return files;
}

export function filesIn(folder: string): Files {
  return Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name))]),
  );
}

export function assertSameFiles(found: Files, expected: Files): void {
  assert.deepEqual(Object.keys(found), Object.keys(expected));
  for (const [name, content] of Object.entries(expected)) {
    assert.ok(found[name]?.equals(content), `${name} differs`);
  }
}
