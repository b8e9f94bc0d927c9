import * as v from 'valibot';
import { GemmaError } from '../protocol/errors.ts';
import { complaintOf, connectionError, statusError } from './remoteErrors.ts';
import { readEvents } from './serverSentEvents.ts';
import type { ServerAddress } from './serverAddress.ts';

export interface Connection {
  readonly address: ServerAddress;
  /** Sent to the address's own origin and to no other; null: none. */
  readonly token: string | null;
}

export interface RemoteRequest {
  /** From the base of the address, beginning with a slash. */
  readonly path: string;
  /** Sent by POST as JSON; absent: a GET. */
  readonly body?: unknown;
  readonly signal: AbortSignal;
  /** Longest time without a byte, in milliseconds. */
  readonly silenceMs: number;
  /** Whether what the server says of its failure may be told: it may repeat what was sent. */
  readonly tellsWords?: boolean;
}

/** Of an answer that is read whole: counts of many tokens are the longest. */
const MAX_JSON_BYTES = 16_000_000;
/** Of a stream: more than the longest answer, written letter by letter. */
const MAX_STREAM_BYTES = 256_000_000;
const MAX_REDIRECTS = 3;

/**
 * Asks once and reads the whole answer.
 *
 * @throws GemmaError `network`, `unauthorized`, `no-model`, `bad-input`, `untrusted`; `protocol` when the answer isn't
 * what `schema` says; `cancelled`
 */
export async function askJson<S extends v.GenericSchema>(
  connection: Connection,
  request: RemoteRequest,
  schema: S,
): Promise<v.InferOutput<S>> {
  const answer = await open(connection, request);
  try {
    return understood(connection, await answer.json(), schema);
  } finally {
    answer.close();
  }
}

/**
 * Asks for a stream of events and hands on the data of each. A server that answers at once gives a single one. Leaving
 * the loop closes the connection.
 *
 * @throws GemmaError as askJson; `protocol` when the stream has no end
 */
export async function* askEvents(connection: Connection, request: RemoteRequest): AsyncGenerator<string> {
  const answer = await open(connection, request);
  try {
    if (answer.isJson) {
      yield JSON.stringify((await answer.json()) ?? null);
      return;
    }
    const reader = readEvents();
    const decoder = new TextDecoder();
    for await (const bytes of answer.bytes(MAX_STREAM_BYTES))
      yield* reader.push(decoder.decode(bytes, { stream: true }));
    yield* reader.push(decoder.decode());
    yield* reader.end();
  } finally {
    answer.close();
  }
}

function understood<S extends v.GenericSchema>(
  { address }: Connection,
  value: unknown,
  schema: S,
): v.InferOutput<S> {
  const { success, output } = v.safeParse(schema, value);
  if (success) return output;
  throw new GemmaError('protocol', `${address.host} does not answer as an OpenAI-compatible server does.`);
}

interface OpenAnswer {
  readonly isJson: boolean;
  bytes(limit: number): AsyncGenerator<Uint8Array>;
  json(): Promise<unknown>;
  /** Also in the middle; the server then stops working on it. */
  close(): void;
}

async function open(connection: Connection, request: RemoteRequest): Promise<OpenAnswer> {
  const { host } = connection.address;
  const { signal, silenceMs } = request;
  const over = new AbortController();
  let silent = false;
  const timer = setTimeout(() => {
    silent = true;
    over.abort();
  }, silenceMs);
  const close = (): void => {
    clearTimeout(timer);
    over.abort();
  };
  const failure = (error: unknown): GemmaError => {
    if (signal.aborted) return new GemmaError('cancelled', 'The request was cancelled.');
    const seconds = Math.round(silenceMs / 1_000);
    if (silent) return new GemmaError('network', `${host} has said nothing for ${seconds} seconds.`);
    return connectionError(host, error);
  };
  const read = async function* (body: Response['body'], limit: number): AsyncGenerator<Uint8Array> {
    let total = 0;
    try {
      for await (const bytes of body ?? []) {
        timer.refresh();
        total += bytes.length;
        if (total > limit) throw new GemmaError('protocol', `The answer of ${host} has no end.`);
        yield bytes;
      }
    } catch (error) {
      throw failure(error);
    }
  };
  const readJson = async (body: Response['body']): Promise<unknown> => {
    const parts: Uint8Array[] = [];
    for await (const bytes of read(body, MAX_JSON_BYTES)) parts.push(bytes);
    const text = new TextDecoder().decode(Buffer.concat(parts));
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  };
  try {
    const response = await followed(connection, request, AbortSignal.any([signal, over.signal]));
    const { status, headers, body } = response;
    timer.refresh();
    if (!response.ok) {
      const complaint = request.tellsWords === true ? complaintOf(await readJson(body)) : '';
      throw statusError(host, status, complaint);
    }
    const isJson = headers.get('content-type')?.includes('application/json') ?? false;
    return { isJson, close, bytes: (limit) => read(body, limit), json: () => readJson(body) };
  } catch (error) {
    const failed = failure(error);
    close();
    throw failed;
  }
}

/** Within the origin, with the same method and body; the token goes nowhere else. */
async function followed(
  { address, token }: Connection,
  { path, body }: RemoteRequest,
  signal: AbortSignal,
): Promise<Response> {
  let url = address.base + path;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      credentials: 'omit',
      signal,
      headers: {
        accept: 'application/json, text/event-stream',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null) return response;
    const target = URL.canParse(location, url) ? new URL(location, url) : null;
    if (target?.origin !== address.origin) {
      throw new GemmaError(
        'untrusted',
        `${address.host} sends on to another server${target === null ? '' : ` (${target.host})`}; nothing is sent there. If that one is yours, use its address.`,
      );
    }
    await response.body?.cancel();
    url = target.href;
  }
  throw new GemmaError('network', `${address.host} redirects in circles.`);
}
