import * as v from 'valibot';
import { GemmaError } from '../../../protocol/errors.ts';
import { Revision, Sha256 } from '../../../protocol/models.ts';
import type { RemoteFile } from '../../importer/remoteFile.ts';
import type { HubConnection } from './hubConnection.ts';
import { broken, falseAnswer } from './hubFault.ts';
import { cancelled, Patience } from './patience.ts';
import { readBody } from './readBody.ts';
import { refusalOf } from './refusal.ts';

/** What the hub says of a repository at one commit. */
export interface RepositoryListing {
  readonly commit: string;
  /** Its names are anything at all; `file` checks the one that is asked for. */
  readonly names: ReadonlySet<string>;
  /** @throws GemmaError `untrusted` when there is none, or the listing doesn't tell its length and digest */
  file(name: string): RemoteFile;
}

/** The largest repositories list some thousand files. */
const MAX_LISTING_BYTES = 8 * 2 ** 20;
const MAX_FILES = 20_000;
/** Nobody stands before a progress bar that has nothing to show for longer. */
const GIVE_UP_MS = 60_000;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Listing = v.object({
  sha: Revision,
  siblings: v.pipe(v.array(v.looseObject({ rfilename: v.string() })), v.maxLength(MAX_FILES)),
});
const LargeFile = v.object({ lfs: v.object({ sha256: Sha256, size: count }), size: v.nullish(count) });
const SmallFile = v.object({
  lfs: v.nullish(v.undefined()),
  size: count,
  blobId: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/)),
});

/**
 * @param revision null: the newest commit of the main branch
 * @throws GemmaError `network`, `unauthorized`, `licence`, `bad-input` (no such repository), `untrusted`, `cancelled`
 */
export async function listRepository(
  hub: HubConnection,
  repository: string,
  revision: string | null,
  signal: AbortSignal,
): Promise<RepositoryListing> {
  const patience = new Patience({ ...hub.timing, giveUpMs: Math.min(GIVE_UP_MS, hub.timing.giveUpMs) });
  for (;;) {
    try {
      return await ask(hub, repository, revision, signal);
    } catch (error) {
      await patience.wait(error, signal);
    }
  }
}

async function ask(
  hub: HubConnection,
  repository: string,
  revision: string | null,
  signal: AbortSignal,
): Promise<RepositoryListing> {
  const path = `/api/models/${repository}/revision/${revision ?? 'main'}?blobs=true`;
  const response = await hub.get(path, { accept: 'application/json' }, signal);
  const body = readBody(response.body);
  try {
    const refusal = refusalOf(response, hub, repository);
    if (refusal !== null) throw refusal;
    const listing = parse(await readText(body, hub.host, signal), hub.host);
    if (revision !== null && listing.commit !== revision) {
      throw falseAnswer(`${hub.host} listed another revision of ${repository} than was asked for.`);
    }
    return listing;
  } finally {
    await body.return();
    response.body.destroy();
  }
}

async function readText(body: AsyncIterable<Uint8Array>, host: string, signal: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > MAX_LISTING_BYTES) break;
      chunks.push(chunk);
    }
  } catch (cause) {
    if (signal.aborted) throw cancelled();
    throw broken(`The connection to ${host} broke.`, { cause });
  }
  if (bytes > MAX_LISTING_BYTES) throw falseAnswer(`The list of files that ${host} sent has no end.`);
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string, host: string): RepositoryListing {
  let listing: v.InferOutput<typeof Listing>;
  try {
    listing = v.parse(Listing, JSON.parse(text));
  } catch {
    throw falseAnswer(`${host} did not send a list of files.`);
  }
  const entries = new Map(listing.siblings.map((entry) => [entry.rfilename, entry]));
  if (entries.size !== listing.siblings.length) throw falseAnswer(`${host} listed a file twice.`);
  return {
    commit: listing.sha,
    names: new Set(entries.keys()),
    file(name) {
      const entry = entries.get(name);
      const large = v.safeParse(LargeFile, entry);
      if (large.success && (large.output.size ?? large.output.lfs.size) === large.output.lfs.size) {
        const { sha256, size } = large.output.lfs;
        return { name, bytes: size, digest: { kind: 'sha256', hex: sha256 } };
      }
      const small = v.safeParse(SmallFile, entry);
      if (small.success) {
        const { size, blobId } = small.output;
        return { name, bytes: size, digest: { kind: 'gitBlob', hex: blobId } };
      }
      throw new GemmaError(
        'untrusted',
        `${host} does not say how long ${JSON.stringify(name)} is and what its digest is; without that nothing is taken.`,
      );
    },
  };
}
