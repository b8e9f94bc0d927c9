import { GemmaError } from '../../../protocol/errors.ts';
import type { OpenRemoteFile, RemoteFile } from '../../importer/remoteFile.ts';
import type { HubConnection, HubResponse } from './hubConnection.ts';
import { broken, falseAnswer, HubFault, webPage } from './hubFault.ts';
import { cancelled, Patience } from './patience.ts';
import { readBody } from './readBody.ts';
import { refusalOf } from './refusal.ts';

/** One commit of a repository. */
export interface Commit {
  readonly repository: string;
  readonly commit: string;
}

/** What a server that knows no ranges may send again before that costs more than it saves. */
const MAX_SKIPPED_BYTES = 256 * 2 ** 10;

/** Opens files of one commit; keeps asking until a file is whole. */
export function remoteFiles(hub: HubConnection, { repository, commit }: Commit): OpenRemoteFile {
  /** What servers called the content of a file, for If-Range. */
  const tags = new Map<string, string>();
  return async function* open(file, from, signal) {
    const patience = new Patience(hub.timing);
    for (let at = from; at < file.bytes;) {
      try {
        for await (const chunk of request(file, at, signal)) {
          at += chunk.length;
          patience.progress();
          yield chunk;
        }
        if (at < file.bytes) throw broken(`${hub.host} ended the connection early.`);
      } catch (error) {
        await patience.wait(error, signal);
      }
    }
  };

  /** What one connection gives of the file, from byte `at` on, and never more than it has. */
  async function* request(file: RemoteFile, at: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const tag = tags.get(file.name);
    const response = await hub.get(
      `/${repository}/resolve/${commit}/${encodeURIComponent(file.name)}`,
      at === 0 ? {} : { range: `bytes=${at}-`, ...(tag !== undefined && { 'if-range': tag }) },
      signal,
    );
    const body = readBody(response.body);
    try {
      const refusal = refusalOf(response, hub, repository);
      if (refusal !== null) throw refusal;
      checkLinked(response, file);
      const start = startOf(response, file, at);
      // Another copy of the file behind the same address, or a changed one: its digest will tell.
      if (start !== at) tags.delete(file.name);
      if (at - start > MAX_SKIPPED_BYTES) {
        throw falseAnswer(`${response.url.host} can't go on where a download stopped.`);
      }
      const etag = response.header('etag');
      if (etag?.startsWith('"') === true) tags.set(file.name, etag);
      if (start === 0) yield* cut(refuseWebPage(body, response.url.host), at, file.bytes - at);
      else yield* cut(body, 0, file.bytes - at);
    } catch (error) {
      if (signal.aborted) throw cancelled();
      if (error instanceof HubFault || error instanceof GemmaError) throw error;
      throw broken(`The connection to ${response.url.host} broke.`, { cause: error });
    } finally {
      await body.return();
      response.body.destroy();
    }
  }
}

/** `wanted` bytes of a body after the first `skipped` ones; fewer when it ends early. */
async function* cut(
  body: AsyncIterable<Uint8Array>,
  skipped: number,
  wanted: number,
): AsyncGenerator<Uint8Array> {
  let [skip, left] = [skipped, wanted];
  for await (const chunk of body) {
    const bytes = chunk.subarray(skip, skip + left);
    skip = Math.max(0, skip - chunk.length);
    left -= bytes.length;
    if (bytes.length > 0) yield bytes;
    if (left === 0) return;
  }
}

/** Not every portal says what it sends, and no file that is wanted begins like that. */
async function* refuseWebPage(body: AsyncIterable<Uint8Array>, host: string): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for await (const chunk of body) {
    if (isFirst && startsLikeWebPage(chunk)) throw webPage(host);
    isFirst = false;
    yield chunk;
  }
}

/** The endpoint names digest and length of a large file before it points to where it lies. */
function checkLinked({ linked }: HubResponse, file: RemoteFile): void {
  const named = linked.etag?.replace(/^W\//, '').replaceAll('"', '');
  const isOtherContent =
    file.digest.kind === 'sha256' &&
    named !== undefined &&
    /^[0-9a-f]{64}$/.test(named) &&
    named !== file.digest.hex;
  const isOtherLength =
    linked.size !== null && /^\d+$/.test(linked.size) && Number(linked.size) !== file.bytes;
  if (isOtherContent || isOtherLength) throw falseAnswer(`${file.name} is not the file it should be.`);
}

/** First byte of the file that the body has. */
function startOf(response: HubResponse, file: RemoteFile, at: number): number {
  const encoding = response.header('content-encoding') ?? 'identity';
  const length = response.header('content-length');
  if (encoding !== 'identity') throw falseAnswer(`${response.url.host} sent ${file.name} packed.`);
  if (response.status === 200) {
    if (length !== null && Number(length) !== file.bytes) {
      throw falseAnswer(`${file.name} is not as long as it should be.`);
    }
    return 0;
  }
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.header('content-range') ?? '');
  const [first = NaN, last = NaN] = (range ?? []).slice(1, 3).map(Number);
  const total = range?.[3] === '*' ? file.bytes : Number(range?.[3]);
  const isRight = first === at && last >= first && last < file.bytes && total === file.bytes;
  if (!isRight || (length !== null && Number(length) !== last - first + 1)) {
    throw falseAnswer(`${response.url.host} sent another part of ${file.name} than was asked for.`);
  }
  return at;
}

function startsLikeWebPage(chunk: Uint8Array): boolean {
  return /^\s*<(?:!doctype\s|html[\s>])/i.test(new TextDecoder('latin1').decode(chunk.subarray(0, 64)));
}
