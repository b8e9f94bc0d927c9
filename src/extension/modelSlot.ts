import type { EngineClient } from '../client/engineClient.ts';
import type { EventBody, ModelInfo, RequestParams, Role } from '../protocol/engine.ts';
import { type GemmaError, toGemmaError } from '../protocol/errors.ts';

/** What a person may be told about the engine, as far as one role is concerned. */
export type EngineStatus =
  /** Nothing runs for it. */
  | { readonly name: 'off' }
  | { readonly name: 'starting' }
  /** `fraction` 0–1; importing happens once per model. */
  | { readonly name: 'loading' | 'importing'; readonly fraction: number }
  | { readonly name: 'ready'; readonly model: ModelInfo }
  | { readonly name: 'working'; readonly model: ModelInfo }
  /** After a crash; `attempt` counts the crashes of the last three minutes. */
  | { readonly name: 'restarting'; readonly attempt: number }
  | { readonly name: 'failed'; readonly error: GemmaError };

type PlainStatus = Exclude<EngineStatus, { name: 'working' }>;

/** How a model is to be loaded. */
export type Load = Omit<RequestParams<'load'>, 'role'>;

type Caller = Pick<EngineClient, 'call' | 'state'>;

/** The model of one role, as this window wants it and sees it come and go. */
export class ModelSlot {
  readonly #role: Role;
  readonly #onChange: (status: EngineStatus) => void;
  #load: Load | null = null;
  /** The load that will be answered; answers to earlier ones don't count. */
  #loading: Promise<ModelInfo> | null = null;
  #state: PlainStatus = { name: 'off' };
  /** Answers that somebody waits for. */
  #running = 0;

  constructor(role: Role, onChange: (status: EngineStatus) => void) {
    this.#role = role;
    this.#onChange = onChange;
  }

  get status(): EngineStatus {
    if (this.#state.name !== 'ready' || this.#running === 0) return this.#state;
    return { ...this.#state, name: 'working' };
  }

  get isWanted(): boolean {
    return this.#load !== null;
  }

  get isRunning(): boolean {
    return this.#running > 0;
  }

  /** Has the model loaded, unless it was asked for already; null: none is wanted. */
  want(load: Load | null, connection: Caller): void {
    if (load === null) this.drop();
    else if (this.#load === null || !isSame(load, this.#load)) {
      this.#load = load;
      this.#ask(connection);
    }
  }

  drop(): void {
    this.#load = null;
    this.#loading = null;
    if (this.#state.name !== 'off') this.#become({ name: 'off' });
  }

  /** The process is there, perhaps anew. A load that a crash interrupted is the client's to repeat, one that was done is ours. */
  welcome(connection: Caller): void {
    if (this.#loading === null) this.#ask(connection);
    else if (this.isWanted) this.#become({ name: 'loading', fraction: 0 });
  }

  noteStart(status: PlainStatus): void {
    if (this.isWanted) this.#become(status);
  }

  noteProgress({ step, fraction }: EventBody<'progress'>): void {
    const isBusy = this.#state.name === 'loading' || this.#state.name === 'importing';
    if (isBusy) this.#become({ name: step === 'load' ? 'loading' : 'importing', fraction });
  }

  /** Of a model that was given back nothing is said: the next request brings it back by itself. */
  noteModel(model: ModelInfo | null): void {
    if (this.isWanted && model !== null && this.#loading === null) this.#become({ name: 'ready', model });
  }

  async working<T>(answer: Promise<T>): Promise<T> {
    this.#countRunning(1);
    try {
      return await answer;
    } finally {
      this.#countRunning(-1);
    }
  }

  #ask(connection: Caller): void {
    if (this.#load === null) return;
    this.#become(
      connection.state.name === 'connected' ? { name: 'loading', fraction: 0 } : { name: 'starting' },
    );
    const loading = connection.call('load', { role: this.#role, ...this.#load });
    this.#loading = loading;
    const settle = (state: PlainStatus): void => {
      if (this.#loading !== loading) return;
      this.#loading = null;
      this.#become(state);
    };
    loading.then(
      (model) => settle({ name: 'ready', model }),
      (error: unknown) => settle({ name: 'failed', error: toGemmaError(error) }),
    );
  }

  #countRunning(change: number): void {
    this.#running += change;
    this.#onChange(this.status);
  }

  #become(state: PlainStatus): void {
    this.#state = state;
    this.#onChange(this.status);
  }
}

function isSame(one: Load, other: Load): boolean {
  return (
    one.model === other.model &&
    one.backend === other.backend &&
    one.snapshots === other.snapshots &&
    one.memoryBytes === other.memoryBytes
  );
}
