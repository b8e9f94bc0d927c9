import { rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { GemmaError } from '../../../protocol/errors.ts';
import type { ModelId, Network, Quantization } from '../../../protocol/models.ts';
import { arrivedBytes, importArriving } from '../../importer/importArriving.ts';
import { explainWriteError } from '../../importer/writeError.ts';
import { HubConnection } from '../hub/hubConnection.ts';
import type { Timing } from '../hub/patience.ts';
import { remoteFiles } from '../hub/remoteFiles.ts';
import { findInstalled, readIntact } from '../installedModels.ts';
import { writeOrigin } from '../modelOrigin.ts';
import { readFirstDownloads, recordFirstDownload } from './firstDownloads.ts';
import { planDownload } from './planDownload.ts';
import { type DownloadPlan, type DownloadRequest, TransferFolder } from './transferFolder.ts';
import { lockFolder } from './transferLock.ts';

export interface DownloadOptions {
  /** The models folder. */
  readonly models: string;
  readonly request: DownloadRequest;
  readonly network: Network;
  readonly timing: Timing;
  /** Called many times a second while bytes arrive. */
  readonly onBytes: (doneBytes: number, totalBytes: number) => void;
  /** Pauses the download: nothing that was received is lost. */
  readonly signal: AbortSignal;
}

/** The least share of a checkpoint's bytes that its imported form has. */
const IMPORTED_SHARE: Record<Quantization, number> = { q4: 0.25, q8: 0.45, f32: 1 };

/**
 * Downloads a model of the hub into the models folder, importing it while it arrives. What was begun before goes on
 * where it was, also after a crash.
 *
 * @throws GemmaError `network`, `unauthorized`, `licence`, `untrusted` (nothing is kept), `disk-full`, `cancelled` (what
 * was received is kept), `bad-input`; as importModel does
 */
export async function downloadModel(options: DownloadOptions): Promise<void> {
  const { models, request } = options;
  const folder = new TransferFolder(models, request.id);
  const place = await placeFor(models, request.id);
  await folder.create();
  const lock = await lockFolder(folder.path);
  try {
    const stored = await folder.read();
    if (stored !== null && !isSameRequest(stored.request, request)) {
      throw new GemmaError(
        'bad-input',
        `A download of ${stored.request.repository} has the same name: finish or cancel it first.`,
      );
    }
    await folder.sweep();
    const earlier = stored?.plan ?? null;
    const plan = earlier !== null && agrees(earlier, request) ? earlier : null;
    if (plan === null) await folder.forgetContent();
    await folder.write(request, plan);
    await receive(options, folder, plan);
    await rm(place, { recursive: true, force: true });
    await rename(folder.model, place);
    await folder.remove();
  } catch (error) {
    if (error instanceof GemmaError && error.code === 'untrusted') {
      await folder.forgetContent();
      await folder.write(request, null).catch(() => undefined);
    }
    throw explainWriteError(error, folder.path);
  } finally {
    lock.release();
  }
}

/** Where the model will lie; what is there can be replaced. @throws GemmaError `bad-input` when a whole model is */
async function placeFor(models: string, id: string): Promise<string> {
  const found = await findInstalled(models, id);
  if (found === null) return join(models, id);
  const isWhole = await readIntact(found).then(
    () => true,
    () => false,
  );
  if (!isWhole) return found;
  throw new GemmaError('bad-input', `There is a model ${id} already: remove it first.`);
}

function isSameRequest(stored: DownloadRequest, asked: DownloadRequest): boolean {
  return (
    stored.repository === asked.repository &&
    stored.quantization === asked.quantization &&
    stored.revision === asked.revision
  );
}

/** Whether a plan still holds: digests may have become known since it was made. */
function agrees({ files }: DownloadPlan, { digests }: DownloadRequest): boolean {
  return files.every(({ name, digest }) => {
    const pinned = digests[name];
    return pinned === undefined || (digest.kind === 'sha256' && digest.hex === pinned);
  });
}

/** Fills `folder.model`. */
async function receive(
  { models, request, network, timing, onBytes, signal }: DownloadOptions,
  folder: TransferFolder,
  earlier: DownloadPlan | null,
): Promise<void> {
  const { repository, quantization } = request;
  const hub = await HubConnection.open(network, timing);
  try {
    const known = await readFirstDownloads(models, repository);
    const plan = earlier ?? (await planDownload(hub, request, known, signal));
    if (earlier === null) await folder.write(request, plan);
    const { commit, files, pinned } = plan;
    const totalBytes = files.reduce((total, { bytes }) => total + bytes, 0);
    const isWhole = await readIntact(folder.model).then(
      () => true,
      () => false,
    );
    if (!isWhole) {
      await rm(folder.model, { recursive: true, force: true });
      const doneBytes = await arrivedBytes(folder.work);
      await checkSpace(models, (totalBytes - doneBytes) * IMPORTED_SHARE[quantization]);
      onBytes(doneBytes, totalBytes);
      await importArriving({
        files,
        open: remoteFiles(hub, { repository, commit }),
        work: folder.work,
        target: folder.model,
        name: repository.slice(repository.indexOf('/') + 1),
        quantization,
        onProgress: (bytes) => onBytes(bytes, totalBytes),
        signal,
      });
    }
    const verified = pinned ? 'pinned' : 'first-download';
    await writeOrigin(folder.model, { kind: 'hub', repository, revision: commit, verified });
    await recordFirstDownload(models, repository, plan);
  } finally {
    await hub.close();
  }
}

/**
 * Removes what was received of a download; when there is none, nothing.
 *
 * @throws GemmaError `bad-input` when another process downloads it
 */
export async function discardDownload(models: string, id: ModelId): Promise<void> {
  const folder = new TransferFolder(models, id);
  if ((await folder.read()) === null) return;
  const lock = await lockFolder(folder.path);
  try {
    await folder.remove();
  } finally {
    lock.release();
  }
}

async function checkSpace(models: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(models);
  const freeBytes = bavail * bsize;
  if (freeBytes >= neededBytes) return;
  throw new GemmaError(
    'disk-full',
    `The model still needs ${gigabytes(neededBytes)} GB or more on the disk, and ${gigabytes(freeBytes)} GB are free. Make room or move the models folder, then go on.`,
  );
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
