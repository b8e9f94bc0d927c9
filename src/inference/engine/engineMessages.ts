import type { BackendChoice, BackendName, CompleteParams, WarmUpParams } from '../../protocol/engine.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import type { Engine } from './engine.ts';

/** The methods of Engine as data; a `cancel` is the memory of the caller's CancelFlag. */
export interface EngineCalls {
  probe: { choice: BackendChoice };
  load: { folder: string; backend: BackendName };
  unload: null;
  complete: { params: CompleteParams; cancel: SharedArrayBuffer };
  warmUp: { params: WarmUpParams; cancel: SharedArrayBuffer };
  logits: { folder: string; backend: BackendName; tokens: readonly number[]; cancel: SharedArrayBuffer };
}

export type EngineMethod = keyof EngineCalls;
export type EngineAnswer<M extends EngineMethod> = Awaited<ReturnType<Engine[M]>>;

/** To the worker; one at a time. */
export type EngineCall<M extends EngineMethod = EngineMethod> = {
  [K in M]: { readonly method: K; readonly args: EngineCalls[K] };
}[M];

/** From the worker. */
export type EngineReply = { readonly kvBytes: number } & (
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string }
);
