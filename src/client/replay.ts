import type { RequestName } from '../protocol/engine.ts';
import type { ErrorCode } from '../protocol/errors.ts';

/** A request without an answer, in the order of asking. */
export interface OpenRequest {
  readonly name: RequestName;
  /** Only completions have one. */
  readonly document: string | null;
  /** How often the process ended while this request was with it. */
  readonly crashes: number;
}

/**
 * A request that was running at two crashes is suspected of causing them and is not sent a third time.
 */
const MAX_CRASHES_WITH_REQUEST = 2;

/** Asking again does no harm and the answer is still wanted. Of a chat, part of the answer was told already. */
const replayable: Record<RequestName, boolean> = {
  hello: false,
  load: true,
  complete: true,
  warmUp: false,
  chat: false,
  countTokens: true,
  countChat: true,
  import: false,
  logits: true,
  status: true,
  listModels: true,
  download: true,
  pauseDownload: true,
  cancelDownload: true,
  installModel: false,
  removeModel: true,
  moveModels: false,
  machine: true,
  measureMachine: false,
  goodbye: false,
};

/** For each open request after a crash: null to send it again, or the code it is answered with. */
export function afterCrashAnswers(requests: readonly OpenRequest[]): readonly (ErrorCode | null)[] {
  return requests.map((request, index) => {
    const isLost = request.crashes > 0 && !replayable[request.name];
    if (isLost || request.crashes >= MAX_CRASHES_WITH_REQUEST) return 'engine-stopped';
    const newer = requests
      .slice(index + 1)
      .some((other) => other.name === 'complete' && other.document === request.document);
    return request.name === 'complete' && newer ? 'superseded' : null;
  });
}
