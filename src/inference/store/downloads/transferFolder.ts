import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { DownloadParams, ModelId, Revision, Sha256, type TransferView } from '../../../protocol/models.ts';
import { arrivedBytes } from '../../importer/importArriving.ts';
import { explainWriteError } from '../../importer/writeErrors.ts';
import { isPlainName } from '../../model/plainName.ts';
import { namesIn } from '../installedModels.ts';
import { readJson, writeJson } from '../jsonFile.ts';

/** In the models folder: what is not yet a model. */
export const DOWNLOADS_NAME = '.downloads';
const STATE_NAME = 'transfer.json';

const FileDigest = v.variant('kind', [
  v.object({ kind: v.literal('sha256'), hex: Sha256 }),
  v.object({ kind: v.literal('gitBlob'), hex: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/)) }),
]);
export const RemoteFileSchema = v.object({
  name: v.pipe(v.string(), v.check(isPlainName, 'A file name must be a plain name.')),
  bytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  digest: FileDigest,
});

const DownloadPlan = v.object({
  commit: Revision,
  files: v.pipe(v.array(RemoteFileSchema), v.minLength(1)),
  /** The same as the hub described them, whatever was known before. */
  told: v.array(RemoteFileSchema),
  /** Whether every digest was known before the hub told it. */
  pinned: v.boolean(),
});
/** What is downloaded, once the hub has said what there is. */
export type DownloadPlan = v.InferOutput<typeof DownloadPlan>;

/** Neither address nor token of the hub: who goes on says them anew. */
export const DownloadRequest = v.omit(DownloadParams, ['network']);
export type DownloadRequest = v.InferOutput<typeof DownloadRequest>;

const StoredTransfer = v.object({
  format: v.literal(1),
  request: DownloadRequest,
  plan: v.nullable(DownloadPlan),
  /** Something was not as planned: the hub is asked again before it goes on. */
  doubted: v.boolean(),
});
export type StoredTransfer = v.InferOutput<typeof StoredTransfer>;

/** Where one download keeps everything until its model is whole. */
export class TransferFolder {
  readonly path: string;
  /** Of the importer. */
  readonly work: string;
  /** The finished model, before it gets its place. */
  readonly model: string;

  constructor(models: string, id: ModelId) {
    this.path = join(models, DOWNLOADS_NAME, id);
    this.work = join(this.path, 'work');
    this.model = join(this.path, 'model');
  }

  /** Null: there is none. */
  read(): Promise<StoredTransfer | null> {
    return readJson(join(this.path, STATE_NAME), StoredTransfer);
  }

  /** @throws GemmaError `disk-full`, `bad-input` when the folder can't be written */
  async write(request: DownloadRequest, plan: DownloadPlan | null, doubted = false): Promise<void> {
    await this.create();
    const stored: StoredTransfer = { format: 1, request: v.parse(DownloadRequest, request), plan, doubted };
    await writeJson(join(this.path, STATE_NAME), stored);
  }

  async create(): Promise<void> {
    try {
      await mkdir(this.path, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw explainWriteError(error, this.path);
    }
  }

  /** What was received, and what was said about it. */
  async forgetContent(): Promise<void> {
    await rm(this.work, { recursive: true, force: true });
    await rm(this.model, { recursive: true, force: true });
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/**
 * All downloads of a models folder that have not ended, as after a pause: nobody here knows which of them run.
 *
 * @param installed names of whole models: their downloads have ended, though a crash may have left something
 */
export async function listTransfers(
  models: string,
  installed: ReadonlySet<ModelId>,
): Promise<readonly TransferView[]> {
  const views: TransferView[] = [];
  for (const name of (await namesIn(join(models, DOWNLOADS_NAME))).toSorted()) {
    if (!v.is(ModelId, name)) continue;
    const folder = new TransferFolder(models, name);
    const stored = await folder.read();
    if (stored?.request.id !== name) continue;
    if (installed.has(name)) {
      await folder.remove();
      continue;
    }
    const totalBytes = (stored.plan?.files ?? []).reduce((total, { bytes }) => total + bytes, 0);
    const { repository, quantization } = stored.request;
    views.push({
      id: name,
      repository,
      quantization,
      state: 'paused',
      doneBytes: Math.min(totalBytes, await arrivedBytes(folder.work)),
      totalBytes,
      bytesPerSecond: 0,
      error: null,
    });
  }
  return views;
}
