/**
 * What went wrong, for machines. Every code is one kind of reaction, not one message:
 *
 * - `bad-input`: the caller's own argument (file, position, option) is unusable; fix it and ask again
 * - `model-damaged`: files of a model are missing, truncated or inconsistent
 * - `model-unsupported`: a sound checkpoint of an architecture that can't be run
 * - `no-model`: no model is loaded or configured
 * - `backend-unavailable`: no ONNX Runtime backend passed its probe
 * - `device-lost`: the GPU stopped working; its backend can't be used until the process starts anew
 * - `out-of-memory`, `disk-full`: the machine has no room
 * - `network`: the hub or the person's server can't be reached, or the connection kept breaking; what was received is kept
 * - `unauthorized`: the hub or the server wants a token, or refuses the one it was given
 * - `licence`: the person hasn't accepted the model's licence on the hub
 * - `untrusted`: what the hub sent is not what it should be, or a server is not the one it should be; nothing was kept
 * - `cancelled`: the caller cancelled; never shown to a person
 * - `superseded`: a newer request for the same document replaced this one; never shown
 * - `engine-stopped`: the inference process ended while the request was running
 * - `engine-unavailable`: the inference process can't be started or keeps crashing
 * - `protocol`: a message did not match its schema, or versions differ
 * - `internal`: a defect of ours
 */
export const errorCodes = [
  'bad-input',
  'model-damaged',
  'model-unsupported',
  'no-model',
  'backend-unavailable',
  'device-lost',
  'out-of-memory',
  'disk-full',
  'network',
  'unauthorized',
  'licence',
  'untrusted',
  'cancelled',
  'superseded',
  'engine-stopped',
  'engine-unavailable',
  'protocol',
  'internal',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** The one error type that crosses borders: a code for machines, one sentence for people. */
export class GemmaError extends Error {
  override readonly name = 'GemmaError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** `error` as a GemmaError; anything foreign becomes `internal` with its message kept. */
export function toGemmaError(error: unknown): GemmaError {
  if (error instanceof GemmaError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new GemmaError('internal', message, { cause: error });
}
