import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { GemmaError } from '../../../protocol/errors.ts';
import { Revision } from '../../../protocol/models.ts';
import { explainWriteError } from '../../importer/writeErrors.ts';
import type { RemoteFile } from '../../importer/remoteFile.ts';
import { isSameDigest } from '../hub/digest.ts';
import type { RepositoryListing } from '../hub/repositoryListing.ts';
import { readJson, writeJson } from '../jsonFile.ts';
import { type DownloadPlan, RemoteFileSchema } from './transferFolder.ts';

/** In the models folder. */
const FOLDER_NAME = '.first-downloads';

/** What a repository was when a model of it first arrived whole. */
const FirstDownloads = v.object({
  /** The newest one at that time; it is kept to, unless another is asked for. */
  commit: Revision,
  commits: v.record(Revision, v.array(RemoteFileSchema)),
});
export type FirstDownloads = v.InferOutput<typeof FirstDownloads>;

/** Null: nothing of the repository has been downloaded yet. */
export async function readFirstDownloads(models: string, repository: string): Promise<FirstDownloads | null> {
  return readJson(recordPath(models, repository), FirstDownloads);
}

/** Digests that are recorded stay as they are. */
export async function recordFirstDownload(
  models: string,
  repository: string,
  { commit, told }: DownloadPlan,
): Promise<void> {
  const known = await readFirstDownloads(models, repository);
  const earlier = known?.commits[commit] ?? [];
  const added = told.filter(({ name }) => earlier.every((other) => other.name !== name));
  const folder = join(models, FOLDER_NAME);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw explainWriteError(error, folder);
  }
  await writeJson(recordPath(models, repository), {
    commit: known?.commit ?? commit,
    commits: { ...known?.commits, [commit]: [...earlier, ...added] },
  });
}

/**
 * @param told what the hub says now of the files that are taken
 * @param pinned names whose digests were known before: what the hub told earlier has no weight there
 * @throws GemmaError `untrusted` when a file is another than at the first download
 */
export function checkFirstDownload(
  known: FirstDownloads | null,
  { commit, names }: Pick<RepositoryListing, 'commit' | 'names'>,
  told: readonly RemoteFile[],
  pinned: ReadonlySet<string>,
): void {
  for (const recorded of known?.commits[commit] ?? []) {
    const { name, bytes, digest } = recorded;
    const now = told.find((file) => file.name === name);
    // An earlier version may have taken files that this one has no use for.
    const isSame =
      now === undefined ? names.has(name) : now.bytes === bytes && isSameDigest(now.digest, digest);
    if (isSame || pinned.has(name)) continue;
    throw new GemmaError(
      'untrusted',
      `${name} is not what it was when this model was first downloaded, though its revision is the same. Nothing was taken.`,
    );
  }
}

/** The repository's two parts are plain names without a separator. */
function recordPath(models: string, repository: string): string {
  return join(models, FOLDER_NAME, `${repository.replace('/', '--')}.json`);
}
