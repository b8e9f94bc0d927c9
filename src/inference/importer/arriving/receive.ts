import { GemmaError } from '../../../protocol/errors.ts';
import type { OpenRemoteFile, RemoteFile } from '../remoteFile.ts';

/**
 * All bytes of `file` from byte `from` on, and none beyond its end.
 *
 * @throws GemmaError `cancelled`; `network` when fewer come; what opening throws
 */
export async function* receive(
  file: RemoteFile,
  from: number,
  open: OpenRemoteFile,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let at = from;
  stopIfAborted(signal);
  // Nothing is left to ask for, and a range of no bytes can't be asked for.
  if (at === file.bytes) return;
  for await (const chunk of open(file, from, signal)) {
    stopIfAborted(signal);
    const bytes = chunk.subarray(0, file.bytes - at);
    at += bytes.length;
    yield bytes;
    if (at === file.bytes) return;
  }
  stopIfAborted(signal);
  throw new GemmaError('network', `Only ${at} of the ${file.bytes} bytes of ${file.name} came. Try again.`);
}

export function stopIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new GemmaError('cancelled', 'The download was cancelled.');
}
