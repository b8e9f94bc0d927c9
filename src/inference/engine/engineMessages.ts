import type {
  BackendChoice,
  BackendName,
  ChatParams,
  CompleteParams,
  CountChatParams,
  KvStatistics,
  Role,
  WarmUpParams,
} from '../../protocol/engine.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import type { Engine, LoadPlan, OnText } from './engine.ts';

/** The methods of Engine as data; a `cancel` is the memory of the caller's CancelFlag. */
export interface EngineCalls {
  probe: { choice: BackendChoice };
  backends: { cancel: SharedArrayBuffer };
  measure: { choice: BackendChoice; cancel: SharedArrayBuffer };
  load: { role: Role; plan: LoadPlan };
  unload: { role: Role };
  resize: { memoryBytes: number };
  trim: object;
  complete: { params: CompleteParams; cancel: SharedArrayBuffer };
  warmUp: { params: WarmUpParams; cancel: SharedArrayBuffer };
  snapshot: { role: Role; cancel: SharedArrayBuffer };
  chat: { params: ChatParams; cancel: SharedArrayBuffer };
  prepareQuestion: { params: CountChatParams; cancel: SharedArrayBuffer };
  countTokens: { texts: readonly string[] };
  countChat: { params: CountChatParams };
  logits: { folder: string; backend: BackendName; tokens: readonly number[]; cancel: SharedArrayBuffer };
}

export type EngineMethod = keyof EngineCalls;
export type EngineAnswer<M extends EngineMethod> = Awaited<ReturnType<Engine[M]>>;

/** To the worker. */
export type EngineCall<M extends EngineMethod = EngineMethod> = {
  [K in M]: { readonly id: number; readonly method: K; readonly args: EngineCalls[K] };
}[M];

/** One answer to every call, and before it any number of texts to a chat. */
export type EngineEvent =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'text'; readonly part: Parameters<OnText>[0] };

/** From the worker. */
export type EngineReply = EngineEvent & { readonly id: number; readonly kv: KvStatistics | null };
