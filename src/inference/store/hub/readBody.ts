import type { Readable } from 'node:stream';

/** More than any connection delivers between two chunks that are used. */
const MAX_QUEUED_BYTES = 2 ** 20;

/**
 * The chunks of a body. What has arrived before the connection breaks is given out before the error is thrown: those
 * bytes need not be asked for again. A stream that is iterated loses them.
 */
export async function* readBody(body: Readable): AsyncGenerator<Uint8Array, void, undefined> {
  const queue: Uint8Array[] = [];
  let queued = 0;
  const state: { end: { readonly error: unknown } | null; wake: (() => void) | null } = {
    end: null,
    wake: null,
  };
  const finish = (error: unknown): void => {
    state.end ??= { error };
    state.wake?.();
  };
  body.on('data', (chunk: Uint8Array) => {
    queue.push(chunk);
    queued += chunk.length;
    if (queued > MAX_QUEUED_BYTES) body.pause();
    state.wake?.();
  });
  body.on('end', () => finish(null));
  body.on('error', finish);
  body.on('close', () => finish(new Error('The connection was closed.')));
  try {
    for (;;) {
      const chunk = queue.shift();
      if (chunk === undefined) {
        const { end } = state;
        if (end === null) {
          await new Promise<void>((resolve) => (state.wake = resolve));
          continue;
        }
        if (end.error === null) return;
        throw end.error;
      }
      queued -= chunk.length;
      if (queued <= MAX_QUEUED_BYTES / 2) body.resume();
      yield chunk;
    }
  } finally {
    body.destroy();
  }
}
