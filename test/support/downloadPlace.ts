import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { downloadModel } from '../../src/inference/store/downloads/downloadModel.ts';
import type { DownloadRequest } from '../../src/inference/store/downloads/transferFolder.ts';
import type { Network } from '../../src/protocol/models.ts';
import { type Hub, REPOSITORY, startHub } from './hub.ts';
import { FAST, networkTo } from './hubNetwork.ts';
import { randomCheckpoint, type TinyConfig, writeCheckpoint } from './checkpoints.ts';

/** A hub with a tiny model, and a models folder to download it to. */
export interface DownloadPlace extends AsyncDisposable {
  readonly root: string;
  readonly models: string;
  readonly hub: Hub;
  readonly totalBytes: number;
  /** What was told of the progress, the latest last. */
  readonly progress: number[];
  download(request?: Partial<DownloadRequest>, more?: DownloadMore): Promise<void>;
  /** Paths of all files below the root, without what belongs to downloads and records. */
  files(): Promise<string[]>;
}

export interface DownloadMore {
  readonly signal?: AbortSignal;
  readonly network?: Partial<Network>;
  readonly onBytes?: (doneBytes: number) => void;
}

export interface DownloadPlaceOptions {
  readonly tiny?: TinyConfig;
  readonly shards?: number;
  /** Changes what the hub holds, before it starts. */
  readonly edit?: (files: Map<string, Uint8Array>) => void;
}

export async function downloadPlace({
  tiny = { layers: 1 },
  shards = 1,
  edit,
}: DownloadPlaceOptions = {}): Promise<DownloadPlace> {
  const root = await mkdtemp(join(tmpdir(), 'gemma-download-'));
  const models = join(root, 'home', 'models');
  const checkpoint = join(root, 'checkpoint');
  await writeCheckpoint(checkpoint, randomCheckpoint(tiny), { shards, dtype: 'BF16' });
  const source = await startHub(checkpoint);
  await rm(checkpoint, { recursive: true });
  const files = new Map(source.files);
  await source[Symbol.asyncDispose]();
  edit?.(files);
  const hub = await startHub(files);
  const progress: number[] = [];
  return {
    root,
    models,
    hub,
    totalBytes: [...files.values()].reduce((total, { length }) => total + length, 0),
    progress,
    async download(request = {}, { signal = new AbortController().signal, network = {}, onBytes } = {}) {
      await downloadModel({
        models,
        request: {
          id: 'tiny',
          repository: REPOSITORY,
          revision: null,
          digests: {},
          quantization: 'q8',
          ...request,
        },
        network: networkTo(hub.origin, network),
        timing: FAST,
        signal,
        onBytes(doneBytes) {
          progress.push(doneBytes);
          onBytes?.(doneBytes);
        },
      });
    },
    async files() {
      const entries = await readdir(root, { recursive: true, withFileTypes: true });
      for (const entry of entries) assert.ok(!entry.isSymbolicLink(), entry.name);
      return entries
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1))
        .filter((path) => !/^home\/models\/\.(?:downloads\/tiny|first-downloads)\//.test(path))
        .toSorted();
    },
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
}
