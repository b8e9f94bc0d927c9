import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** What was asked of the hub. */
export interface Asked {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Of a file; null: the list of files. */
  readonly file: string | null;
  /** First byte that is asked for. */
  readonly from: number;
}

/** How an answer differs from a right one. */
export interface Answer {
  readonly status?: number;
  /** Null: left out. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** In place of the file, or of the list. */
  readonly body?: Uint8Array | string;
  /** The connection ends after so many bytes of the body, … */
  readonly dropAfter?: number;
  /** … by a reset instead of an orderly end, … */
  readonly reset?: boolean;
  /** … or it stays open, and nothing more comes. */
  readonly stall?: boolean;
  /** Answers with the whole file whatever is asked. */
  readonly ignoreRange?: boolean;
  /** Without a length, and more bytes than the file has. */
  readonly endless?: boolean;
}

export interface Hub extends AsyncDisposable {
  readonly origin: string;
  readonly commit: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly asked: Asked[];
  /** Bytes of files that were sent, without those of lists. */
  servedBytes: number;
  /** Between pieces of a body. */
  pieceDelayMs: number;
  /** The next answer; null: a right one. */
  answer: (asked: Asked) => Answer | null;
}

export interface HubOptions {
  /** Owner and name. */
  readonly repository?: string;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Bytes are sent in pieces of this size. */
  readonly pieceBytes?: number;
}

export const COMMIT = 'c0ffee'.padEnd(40, '0');
export const REPOSITORY = 'google/tiny';

/** A hub with one repository that holds `files`, or what lies in a folder. It lies and breaks as it is told. */
export async function startHub(
  content: string | ReadonlyMap<string, Uint8Array>,
  { repository = REPOSITORY, tls, pieceBytes = 16_384 }: HubOptions = {},
): Promise<Hub> {
  const files = typeof content === 'string' ? await readFolder(content) : content;
  const sockets = new Set<Socket>();
  const etags = new WeakMap<Uint8Array, string>();
  const listener: RequestListener = (request, response) => {
    response.on('error', () => undefined);
    void serve(request, response).catch(() => response.destroy());
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  // A path is only listened at when one is given.
  const port = typeof address === 'string' ? 0 : (address?.port ?? 0);
  const hub: Hub = {
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    commit: COMMIT,
    files,
    asked: [],
    servedBytes: 0,
    pieceDelayMs: 0,
    answer: () => null,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return hub;

  function etagOf(body: Uint8Array): string {
    const known = etags.get(body) ?? `"${sha256(body)}"`;
    etags.set(body, known);
    return known;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const start = `/${repository}/resolve/${COMMIT}/`;
    const file = path.startsWith(start) ? decodeURIComponent(path.slice(start.length)) : null;
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const asked = { path, headers: request.headers, file, from };
    hub.asked.push(asked);
    const answer = hub.answer(asked) ?? {};
    const isList = [COMMIT, 'main'].some(
      (revision) => path === `/api/models/${repository}/revision/${revision}?blobs=true`,
    );
    const found = file === null ? undefined : files.get(file);
    const right = isList ? Buffer.from(JSON.stringify(listing(files))) : found;
    const body = answer.body === undefined ? right : Buffer.from(answer.body);
    if (body === undefined) {
      send(response, answer.status ?? 404, answer.headers ?? {});
      response.end();
      return;
    }
    const isPart = from > 0 && answer.ignoreRange !== true && answer.body === undefined;
    const sent = isPart ? body.subarray(from) : body;
    const first = isPart ? { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` } : {};
    send(response, answer.status ?? (isPart ? 206 : 200), {
      'content-length': answer.endless === true ? null : String(sent.length),
      etag: etagOf(body),
      'content-type': isList ? 'application/json' : 'application/octet-stream',
      ...first,
      ...answer.headers,
    });
    await pour(response, sent, answer, file !== null);
  }

  async function pour(
    response: ServerResponse,
    body: Uint8Array,
    { dropAfter = Infinity, reset = false, stall = false, endless = false }: Answer,
    counts: boolean,
  ): Promise<void> {
    const end = Math.min(body.length, dropAfter);
    for (let at = 0; at < end; at += pieceBytes) {
      const piece = body.subarray(at, Math.min(at + pieceBytes, end));
      if (counts) hub.servedBytes += piece.length;
      await write(response, piece);
      if (hub.pieceDelayMs > 0) await delay(hub.pieceDelayMs);
    }
    if (endless) await pourForEver(response, counts);
    if (dropAfter === Infinity) response.end();
    else if (reset) response.socket?.resetAndDestroy();
    else if (!stall) response.socket?.destroySoon();
  }

  async function pourForEver(response: ServerResponse, counts: boolean): Promise<void> {
    const piece = Buffer.alloc(pieceBytes, 7);
    while (!response.destroyed) {
      if (counts) hub.servedBytes += piece.length;
      await write(response, piece);
    }
  }
}

/** Resolves when the piece is with the kernel; rejects when the connection is gone. */
function write(response: ServerResponse, piece: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    response.write(piece, (error) => (error ? reject(error) : resolve()));
  });
}

function send(response: ServerResponse, status: number, headers: NonNullable<Answer['headers']>): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) if (value !== null) response.setHeader(name, value);
  response.flushHeaders();
}

async function readFolder(folder: string): Promise<Map<string, Uint8Array>> {
  const names = await readdir(folder);
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)),
  );
}

interface Listed {
  rfilename: string;
  size: number;
  blobId: string;
  lfs?: { sha256: string; size: number; pointerSize: number };
}

/** As the hub lists files with `blobs=true`: large ones with their SHA-256, small ones with the id of git's blob. */
export function listing(files: ReadonlyMap<string, Uint8Array>): { sha: string; siblings: Listed[] } {
  const siblings = Array.from(files, ([rfilename, content]): Listed => {
    const blobId = gitBlob(content);
    const listed = { rfilename, size: content.length, blobId };
    if (!rfilename.endsWith('.safetensors')) return listed;
    return { ...listed, lfs: { sha256: sha256(content), size: content.length, pointerSize: 134 } };
  });
  return { sha: COMMIT, siblings };
}

export function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

export function gitBlob(content: Uint8Array): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}
