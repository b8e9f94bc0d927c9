import type {
  BackendChoice,
  BackendName,
  ChatParams,
  ChatResult,
  CompleteParams,
  CompleteResult,
  CountChatParams,
  KvStatistics,
  ModelInfo,
  Role,
  WarmUpParams,
  WarmUpResult,
} from '../../protocol/engine.ts';
import type { MachineSpeed } from '../../protocol/models.ts';
import type { Turn } from '../kv/turn.ts';

/** Told of text as it is written; either part may be empty. */
export type OnText = (part: { readonly thought: string; readonly answer: string }) => void;

/** A model to load, and what it may take. */
export interface LoadPlan {
  /** Of an imported model. */
  readonly folder: string;
  readonly backend: BackendName;
  /** Folder for what is to outlive the process; null: nothing is. */
  readonly snapshots: string | null;
  /** For the weights and keys and values of all models together. */
  readonly memoryBytes: number;
}

/** What is loaded. */
export interface LoadedModels {
  readonly models: { readonly [R in Role]: ModelInfo | null };
  /** Memory of their weights; a model that has both roles counts once. */
  readonly weightBytes: number;
}

/**
 * Everything that computes, for a model of each role; one that has both is there once. Lives in the engine worker; long calls ask their turn between steps,
 * so that more urgent ones run in between.
 *
 * @template T what the caller controls a call with
 */
export interface Engine<T extends Turn = Turn> {
  /** The best backend that passes its probe. @throws GemmaError `backend-unavailable` */
  probe(choice: BackendChoice): Promise<BackendName>;
  /** All that pass their probe, in the order in which they are tried where nothing was measured. */
  backends(turn: T): Promise<readonly BackendName[]>;
  /**
   * How fast this machine is; takes some seconds for each backend, and touches no loaded model.
   *
   * @param choice `auto`: all that are worth to be chosen here
   * @throws GemmaError `backend-unavailable`, `disk-full`, `out-of-memory`
   */
  measure(choice: BackendChoice, turn: T): Promise<readonly MachineSpeed[]>;
  /**
   * Replaces the role's model. No other call for that role may be open; those for the other one go on between its steps.
   *
   * @returns null when there is no room beside the other role's model; the role then has none
   * @throws GemmaError `out-of-memory` when there is none at all, and as Backend.load; the role then has none
   */
  load(role: Role, plan: LoadPlan, turn: T): Promise<LoadedModels | null>;
  /** No other call for that role may be open. */
  unload(role: Role): Promise<LoadedModels>;
  /** Sets what all models together may take. @returns null when what is loaded takes more */
  resize(memoryBytes: number): Promise<LoadedModels | null>;
  /** Ends the keys and values that no running call uses. */
  trim(): Promise<void>;
  complete(params: CompleteParams, turn: T): Promise<CompleteResult>;
  /** Prefills the prompt; what was prefilled until it was cancelled stays in the cache. */
  warmUp(params: WarmUpParams, turn: T): Promise<WarmUpResult>;
  /**
   * Writes to disk what it would take long to compute again with the role's model after a restart.
   *
   * @throws GemmaError `superseded` when the engine's other work changed it meanwhile; `disk-full`
   */
  snapshot(role: Role, turn: T): Promise<void>;
  /** @throws GemmaError `bad-input` when the model can't chat, or the conversation doesn't fit its context */
  chat(params: ChatParams, onText: OnText, turn: T): Promise<ChatResult>;
  /**
   * Computes what the next question will follow, where it isn't there yet: after an answer with thoughts.
   *
   * @param params turns from a user's to the model's
   */
  prepareQuestion(params: CountChatParams, turn: T): Promise<void>;
  /** How many tokens each text has for the chat's model. Touches no keys and values. */
  countTokens(texts: readonly string[]): Promise<readonly number[]>;
  /**
   * How many tokens the model would be shown before it answers.
   *
   * @throws GemmaError `bad-input` when the model can't chat
   */
  countChat(params: CountChatParams): Promise<number>;
  /** Logits of the last position of `tokens`, with a model loaded for this call alone. */
  logits(folder: string, backend: BackendName, tokens: readonly number[], turn: T): Promise<Float32Array>;
  /** Null: nothing has run yet. */
  readonly kv: KvStatistics | null;
}
