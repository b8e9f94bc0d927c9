import { timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import * as v from 'valibot';
import { createMessageConnection, ResponseError, StreamMessageWriter } from 'vscode-jsonrpc/node';
import type { CancellationToken } from 'vscode-jsonrpc/node';
import { requests } from '../protocol/engine.ts';
import type { EventBody, EventName, RequestName, RequestParams, RequestResult } from '../protocol/engine.ts';
import { GemmaError, toGemmaError } from '../protocol/errors.ts';
import { FrameReader } from './frameReader.ts';

/** A client that said hello. */
export interface Client {
  readonly id: number;
  notify<N extends EventName>(name: N, body: EventBody<N>): void;
}

/** Answers of the process, by request; `signal` aborts when the client cancels or goes away. */
export type Handlers = {
  readonly [N in Exclude<RequestName, 'hello' | 'goodbye'>]: (
    params: RequestParams<N>,
    client: Client,
    signal: AbortSignal,
  ) => Promise<RequestResult<N>>;
};

export interface ConnectionOwner {
  readonly token: string;
  readonly handlers: Handlers;
  onHello(client: Client): void;
  /** @param goodbye whether it took leave; otherwise it was killed, or it broke the protocol */
  onLeave(client: Client, goodbye: boolean): void;
}

/** A stranger has this long to say hello. */
const HELLO_MS = 5_000;
/** JSON-RPC's code for errors of the application; the GemmaError's own code is in the data. */
const APPLICATION_ERROR = -32_000;

let clientIds = 0;

/** Serves one socket until it closes. Before a right hello, any message closes it. */
export function serveConnection(socket: Socket, owner: ConnectionOwner): void {
  const rpc = createMessageConnection(new FrameReader(socket), new StreamMessageWriter(socket));
  const gone = new AbortController();
  const client: Client = {
    id: ++clientIds,
    notify: (name, body) => void rpc.sendNotification(name, body).catch(() => socket.destroy()),
  };
  let greeted = false;
  let goodbye = false;
  const helloTimer = setTimeout(() => socket.destroy(), HELLO_MS);

  socket.on('error', () => socket.destroy());
  socket.once('close', () => {
    clearTimeout(helloTimer);
    rpc.dispose();
    gone.abort();
    if (greeted) owner.onLeave(client, goodbye);
  });
  rpc.onError(() => socket.destroy());
  rpc.onNotification(() => {
    socket.destroy();
  });
  rpc.onRequest(async (method: string, params: unknown, token: CancellationToken) => {
    try {
      return await answer(method, params, token);
    } catch (error) {
      const { code, message } = toGemmaError(error);
      throw new ResponseError(APPLICATION_ERROR, message, { code });
    }
  });
  rpc.listen();

  async function answer(method: string, params: unknown, token: CancellationToken): Promise<unknown> {
    if (!greeted) {
      if (method !== 'hello' || !rightHello(params, owner.token)) {
        socket.destroy();
        throw new GemmaError('protocol', 'The first message must be a hello with the token.');
      }
      clearTimeout(helloTimer);
      greeted = true;
      owner.onHello(client);
      return { pid: process.pid };
    }
    if (method === 'goodbye') {
      goodbye = true;
      return {};
    }
    if (!isServed(owner.handlers, method))
      throw new GemmaError('protocol', `There is no request ${method.slice(0, 40)}.`);
    return handle(method, params, token);
  }

  async function handle<N extends keyof Handlers>(
    name: N,
    params: unknown,
    token: CancellationToken,
  ): Promise<RequestResult<N>> {
    const parsed = v.safeParse(requests[name].params, params);
    if (!parsed.success)
      throw new GemmaError('protocol', `The parameters of ${name} don't match the protocol.`);
    const cancelled = new AbortController();
    if (token.isCancellationRequested || gone.signal.aborted) cancelled.abort();
    const onGone = (): void => cancelled.abort();
    token.onCancellationRequested(onGone);
    gone.signal.addEventListener('abort', onGone);
    try {
      return await owner.handlers[name](parsed.output, client, cancelled.signal);
    } finally {
      gone.signal.removeEventListener('abort', onGone);
    }
  }
}

function isServed(handlers: Handlers, method: string): method is keyof Handlers {
  return Object.hasOwn(handlers, method);
}

function rightHello(params: unknown, token: string): boolean {
  const hello = v.safeParse(requests.hello.params, params);
  if (!hello.success) return false;
  const [given, expected] = [Buffer.from(hello.output.token), Buffer.from(token)];
  return given.length === expected.length && timingSafeEqual(given, expected);
}
