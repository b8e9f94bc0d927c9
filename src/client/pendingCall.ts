import type { RequestName, RequestParams, RequestResult } from '../protocol/engine.ts';
import { GemmaError } from '../protocol/errors.ts';
import type { Connection } from './connection.ts';
import { type OpenRequest, roleOf } from './replay.ts';

/** A call until it settles, over as many connections as that takes. */
export interface PendingCall extends OpenRequest {
  send(connection: Connection): void;
  /** The connection that had it is gone. */
  lose(): void;
  fail(error: GemmaError): void;
}

/**
 * @param onSettled called once, before the promise settles
 */
export function pendingCall<N extends RequestName>(
  name: N,
  params: RequestParams<N>,
  signal: AbortSignal | undefined,
  onSettled: (call: PendingCall) => void,
): { readonly call: PendingCall; readonly promise: Promise<RequestResult<N>> } {
  let sent = false;
  let crashes = 0;
  let settle: { resolve(result: RequestResult<N>): void; reject(error: GemmaError): void };
  const promise = new Promise<RequestResult<N>>((resolve, reject) => {
    settle = { resolve, reject };
  });

  const onAbort = (): void => call.fail(new GemmaError('cancelled', 'The request was cancelled.'));
  const finish = (): void => {
    signal?.removeEventListener('abort', onAbort);
    onSettled(call);
  };
  const call: PendingCall = {
    name,
    document: 'document' in params && name === 'complete' ? params.document : null,
    role: 'role' in params ? params.role : roleOf(name),
    get crashes() {
      return crashes;
    },
    get sent() {
      return sent;
    },
    send(connection) {
      sent = true;
      connection.call(name, params, signal).then(
        (result) => {
          finish();
          settle.resolve(result);
        },
        (error: GemmaError) => {
          // A lost connection is the client's affair: it may ask again over the next one.
          if (error.code !== 'engine-stopped') call.fail(error);
        },
      );
    },
    lose() {
      sent = false;
      crashes += 1;
    },
    fail(error) {
      finish();
      settle.reject(error);
    },
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  return { call, promise };
}
