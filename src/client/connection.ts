import type { Socket } from 'node:net';
import * as v from 'valibot';
import {
  CancellationTokenSource,
  createMessageConnection,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import { events, requests } from '../protocol/engine.ts';
import type { EventBody, EventName, RequestName, RequestParams, RequestResult } from '../protocol/engine.ts';
import { errorCodes, GemmaError, toGemmaError } from '../protocol/errors.ts';

/** Typed calls over one socket; every incoming message is validated. */
export interface Connection {
  /** Settles always: with `engine-stopped` when the socket closes. Abortion only tells the process; it answers. */
  call<N extends RequestName>(
    name: N,
    params: RequestParams<N>,
    signal?: AbortSignal,
  ): Promise<RequestResult<N>>;
  close(): void;
}

export interface ConnectionListener {
  onEvent<N extends EventName>(name: N, body: EventBody<N>): void;
  /** The socket closed; called once, after all calls were settled. */
  onClose(): void;
}

const ErrorData = v.object({ code: v.picklist(errorCodes) });

export function openConnection(socket: Socket, listener: ConnectionListener): Connection {
  const rpc = createMessageConnection(new StreamMessageReader(socket), new StreamMessageWriter(socket));
  const open = new Set<(error: GemmaError) => void>();

  subscribe('progress', (body) => listener.onEvent('progress', body));
  subscribe('model', (body) => listener.onEvent('model', body));
  rpc.onError(() => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.once('close', () => {
    const error = new GemmaError(
      'engine-stopped',
      'The inference process ended while it worked on a request.',
    );
    for (const reject of open) reject(error);
    open.clear();
    rpc.dispose();
    listener.onClose();
  });
  rpc.listen();

  function subscribe<N extends EventName>(name: N, deliver: (body: EventBody<N>) => void): void {
    rpc.onNotification(name, (body: unknown) => {
      const parsed = v.safeParse(events[name], body);
      if (parsed.success) deliver(parsed.output);
      else socket.destroy();
    });
  }

  function send(name: RequestName, params: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    const cancellation = new CancellationTokenSource();
    const onAbort = (): void => cancellation.cancel();
    signal?.addEventListener('abort', onAbort);
    return new Promise((resolve, reject) => {
      open.add(reject);
      void rpc
        .sendRequest(name, params, cancellation.token)
        .then(resolve, (error: unknown) => reject(fromWire(error)))
        .finally(() => {
          open.delete(reject);
          signal?.removeEventListener('abort', onAbort);
          cancellation.dispose();
        });
    });
  }

  return {
    async call(name, params, signal) {
      const request = v.safeParse(requests[name].params, params);
      if (!request.success) throw new GemmaError('bad-input', `${name}: ${issueOf(request.issues)}`);
      if (socket.destroyed) throw new GemmaError('engine-stopped', 'The inference process has ended.');
      const result = v.safeParse(requests[name].result, await send(name, request.output, signal));
      if (!result.success) {
        throw new GemmaError('protocol', `The answer to ${name} is malformed: ${issueOf(result.issues)}`);
      }
      return result.output;
    },
    close: () => socket.destroy(),
  };
}

/** Where and why, without the value: it may be the user's text. */
function issueOf(issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  const [issue] = issues;
  const where = issue.path?.map((item) => String(item.key)).join('.') ?? 'message';
  return `${where} must be ${issue.expected ?? issue.type}`;
}

function fromWire(error: unknown): GemmaError {
  if (!(error instanceof ResponseError)) return toGemmaError(error);
  const data = v.safeParse(ErrorData, error.data);
  return data.success
    ? new GemmaError(data.output.code, error.message)
    : new GemmaError('protocol', `The inference process refused the message: ${error.message}`);
}
