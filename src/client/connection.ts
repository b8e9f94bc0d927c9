import type { Socket } from 'node:net';
import * as v from 'valibot';
import {
  CancellationTokenSource,
  createMessageConnection,
  ErrorCodes,
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

/** Made on this side when a message could not be sent or its answer can no longer come. */
const transportErrors: ReadonlySet<number> = new Set([
  ErrorCodes.MessageWriteError,
  ErrorCodes.MessageReadError,
  ErrorCodes.PendingResponseRejected,
  ErrorCodes.ConnectionInactive,
]);

const ErrorData = v.object({ code: v.picklist(errorCodes) });

export function openConnection(socket: Socket, listener: ConnectionListener): Connection {
  const reader = new StreamMessageReader(socket);
  // Its timer would run for ever, and keep this process alive, when a message is cut off by the other's death.
  reader.partialMessageTimeout = 0;
  const rpc = createMessageConnection(reader, new StreamMessageWriter(socket));
  const open = new Set<(error: GemmaError) => void>();

  subscribe('progress', events.progress);
  subscribe('chatText', events.chatText);
  subscribe('model', events.model);
  subscribe('transfers', events.transfers);
  subscribe('installed', events.installed);
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

  function subscribe<N extends EventName>(name: N, schema: v.GenericSchema<unknown, EventBody<N>>): void {
    rpc.onNotification(name, (body: unknown) => {
      const parsed = v.safeParse(schema, body);
      if (parsed.success) listener.onEvent(name, parsed.output);
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
        .then(resolve, (error: unknown) => {
          const failure = fromWire(error);
          // Half-closed or broken: the rest of the socket is of no use.
          if (failure.code === 'engine-stopped') socket.destroy();
          reject(failure);
        })
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
  const data = v.safeParse(ErrorData, error instanceof ResponseError ? error.data : null);
  const { message } = toGemmaError(error);
  if (data.success) return new GemmaError(data.output.code, message);
  if (error instanceof ResponseError && !transportErrors.has(error.code)) {
    return new GemmaError('protocol', `The inference process refused the message: ${message}`);
  }
  return new GemmaError('engine-stopped', `The inference process can't be reached: ${message}`);
}
