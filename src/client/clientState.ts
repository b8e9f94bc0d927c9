import type { GemmaError } from '../protocol/errors.ts';

/** What a person may be told about the inference process. */
export type ClientState =
  /** Nothing was asked yet, or the client was disposed. */
  | { readonly name: 'idle' }
  | { readonly name: 'starting' }
  | { readonly name: 'connected'; readonly pid: number }
  /** After a crash; `attempt` counts the crashes of the last three minutes. */
  | { readonly name: 'restarting'; readonly attempt: number }
  /** Crashed too often: every call fails with `reason` until `restart()`. */
  | { readonly name: 'stopped'; readonly reason: GemmaError };
