import type { RequestName, Role } from '../protocol/engine.ts';
import type { ErrorCode } from '../protocol/errors.ts';

/** A request without an answer, in the order of asking. */
export interface OpenRequest {
  readonly name: RequestName;
  /** Only completions have one. */
  readonly document: string | null;
  /** Whose model it loads or needs. */
  readonly role: Role | null;
  /** Whether a process has it now. */
  readonly sent: boolean;
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

/**
 * Which requests to send now. Once a load was with a process that ended, loads go one after the other, so that a model
 * that ends the process isn't taken for two. Whoever needs a model waits until its load was sent.
 */
export function sendable<T extends OpenRequest>(requests: readonly T[]): readonly T[] {
  const loads = requests.filter(({ name }) => name === 'load');
  const unsent = loads.filter(({ sent }) => !sent).toSorted((a, b) => a.crashes - b.crashes);
  const isOneByOne = loads.some(({ crashes }) => crashes > 0);
  const next = isOneByOne ? unsent.slice(0, unsent.length === loads.length ? 1 : 0) : unsent;
  const held = new Set(unsent.filter((load) => !next.includes(load)).map(({ role }) => role));
  const others = requests.filter(({ name, sent, role }) => name !== 'load' && !sent && !held.has(role));
  return [...next, ...others];
}

/** Whose model must be loaded for the request; null: none. */
export function roleOf(name: RequestName): Role | null {
  if (name === 'complete' || name === 'warmUp') return 'completion';
  return name === 'chat' || name === 'countTokens' || name === 'countChat' ? 'chat' : null;
}
