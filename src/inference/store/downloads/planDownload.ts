import { GemmaError } from '../../../protocol/errors.ts';
import type { OpenRemoteFile, RemoteFile } from '../../importer/remoteFile.ts';
import { chooseFiles } from '../hub/chooseFiles.ts';
import { hasDigest } from '../hub/digest.ts';
import type { HubConnection } from '../hub/hubConnection.ts';
import { remoteFiles } from '../hub/remoteFiles.ts';
import { listRepository } from '../hub/repositoryListing.ts';
import { checkFirstDownload, type FirstDownloads } from './firstDownloads.ts';
import type { DownloadPlan, DownloadRequest } from './transferFolder.ts';

/**
 * Asks the hub what there is, and settles what of it is taken: from here on only these files with these digests will do.
 *
 * @throws GemmaError as listRepository and chooseFiles do; `untrusted` when a digest is not the one that is known
 */
export async function planDownload(
  hub: HubConnection,
  { repository, revision, digests }: Omit<DownloadRequest, 'id'>,
  known: FirstDownloads | null,
  signal: AbortSignal,
): Promise<DownloadPlan> {
  const listing = await listRepository(hub, repository, revision ?? known?.commit ?? null, signal);
  const { commit } = listing;
  const open = remoteFiles(hub, { repository, commit });
  const pin = (file: RemoteFile): RemoteFile => withPin(file, digests[file.name]);
  const told = await chooseFiles(listing, (file) => readWhole(pin(file), open, signal));
  checkFirstDownload(known, listing, told, new Set(Object.keys(digests)));
  const pinned = told.every(({ name }) => digests[name] !== undefined);
  return { commit, files: told.map(pin), told: [...told], pinned };
}

function withPin(file: RemoteFile, sha256: string | undefined): RemoteFile {
  if (sha256 === undefined) return file;
  if (file.digest.kind === 'sha256' && file.digest.hex !== sha256) {
    throw new GemmaError(
      'untrusted',
      `The hub offers another ${file.name} than the one that is known. Nothing was taken.`,
    );
  }
  return { ...file, digest: { kind: 'sha256', hex: sha256 } };
}

async function readWhole(file: RemoteFile, open: OpenRemoteFile, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of open(file, 0, signal)) chunks.push(chunk);
  const content = Buffer.concat(chunks);
  if (hasDigest(content, file.digest)) return content;
  throw new GemmaError('untrusted', `${file.name} is not what the hub says it is. Nothing was taken.`);
}
