import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { GemmaError } from '../../../protocol/errors.ts';
import type { Network } from '../../../protocol/models.ts';
import { publishFolder } from '../../importer/createFolder.ts';
import { arrivedBytes, importArriving } from '../../importer/importArriving.ts';
import { explainWriteError } from '../../importer/writeErrors.ts';
import { HubConnection } from '../hub/hubConnection.ts';
import type { Timing } from '../hub/patience.ts';
import { remoteFiles } from '../hub/remoteFiles.ts';
import { findInstalled, readIntact } from '../installedModels.ts';
import { writeOrigin } from '../modelOrigin.ts';
import { readFirstDownloads, recordFirstDownload } from './firstDownloads.ts';
import { planDownload } from './planDownload.ts';
import {
  type DownloadPlan,
  type DownloadRequest,
  type StoredTransfer,
  TransferFolder,
} from './transferFolder.ts';
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

/**
 * Downloads a model of the hub into the models folder, importing it while it arrives. What was begun before goes on
 * where it was, also after a crash.
 *
 * @throws GemmaError `network`, `unauthorized`, `licence`, `untrusted` (nothing false is kept), `disk-full`, `cancelled` (what
 * was received is kept), `bad-input`; as importModel does
 */
export async function downloadModel(options: DownloadOptions): Promise<void> {
  const { models, request } = options;
  const folder = new TransferFolder(models, request.id);
  await placeFor(models, request.id);
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
    if (stored === null) await folder.write(request, null);
    await receive(options, folder, stored);
    const place = await placeFor(models, request.id);
    await rm(place, { recursive: true, force: true });
    await publishFolder(folder.model, place);
    await folder.remove();
  } catch (error) {
    if (error instanceof GemmaError && error.code === 'untrusted') {
      const doubtful = await folder.read();
      await folder.write(request, doubtful?.plan ?? null, true).catch(() => undefined);
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
  stored: StoredTransfer | null,
): Promise<void> {
  const { repository, quantization } = request;
  const hub = await HubConnection.open(network, timing);
  try {
    const known = await readFirstDownloads(models, repository);
    const earlier = stored?.plan ?? null;
    const holds = earlier !== null && stored?.doubted === false && agrees(earlier, request);
    const plan = holds ? earlier : await planDownload(hub, request, known, signal);
    if (!isDeepStrictEqual(plan, earlier)) await folder.forgetContent();
    if (plan !== earlier) await folder.write(request, plan);
    const { commit, files, pinned } = plan;
    const totalBytes = files.reduce((total, { bytes }) => total + bytes, 0);
    const isWhole = await readIntact(folder.model).then(
      () => true,
      () => false,
    );
    if (!isWhole) {
      await rm(folder.model, { recursive: true, force: true });
      onBytes(await arrivedBytes(folder.work), totalBytes);
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
