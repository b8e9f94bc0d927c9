import type { EngineClient } from '../client/engineClient.ts';
import { Listeners } from '../client/listeners.ts';
import type { Subscription } from '../client/listeners.ts';
import type { RunningCompletion } from '../completion/session.ts';
import type {
  ChatParams,
  ChatResult,
  CompleteParams,
  CompleteResult,
  CountChatParams,
  EventBody,
  ModelInfo,
  RequestParams,
  WarmUpParams,
} from '../protocol/engine.ts';
import { GemmaError, toGemmaError } from '../protocol/errors.ts';

export type EngineConnection = Pick<
  EngineClient,
  'call' | 'onState' | 'onEvent' | 'restart' | 'dispose' | 'state'
>;

/** What a person may be told about the engine. */
export type EngineStatus =
  /** Nothing runs: no process, no connection. */
  | { readonly name: 'off' }
  | { readonly name: 'starting' }
  /** `fraction` 0–1; importing happens once per model. */
  | { readonly name: 'loading' | 'importing'; readonly fraction: number }
  | { readonly name: 'ready'; readonly model: ModelInfo }
  | { readonly name: 'working'; readonly model: ModelInfo }
  /** After a crash; `attempt` counts the crashes of the last three minutes. */
  | { readonly name: 'restarting'; readonly attempt: number }
  | { readonly name: 'failed'; readonly error: GemmaError };

/** Text that was added to an answer. */
export type ChatText = Omit<EventBody<'chatText'>, 'stream'>;

type PlainStatus = Exclude<EngineStatus, { name: 'working' }>;
type Load = RequestParams<'load'>;

/** The inference process as this window sees it: there while it is wanted, with the model that is wanted. */
export class Engine {
  readonly #connect: () => EngineConnection;
  readonly #statuses = new Listeners<EngineStatus>();
  #connection: EngineConnection | null = null;
  #load: Load = { backend: 'auto' };
  /** The load that will be answered; answers to earlier ones don't count. */
  #loading: Promise<ModelInfo> | null = null;
  #state: PlainStatus = { name: 'off' };
  /** Answers that somebody waits for. */
  #running = 0;
  #streams = 0;

  constructor(connect: () => EngineConnection) {
    this.#connect = connect;
  }

  get status(): EngineStatus {
    if (this.#state.name !== 'ready' || this.#running === 0) return this.#state;
    return { ...this.#state, name: 'working' };
  }

  /** Of the inference process; null while there is no connection to one. */
  get pid(): number | null {
    const state = this.#connection?.state;
    return state?.name === 'connected' ? state.pid : null;
  }

  onStatus(listener: (status: EngineStatus) => void): Subscription {
    return this.#statuses.add(listener);
  }

  /** Starts or connects to the process and loads the model; does nothing when that is the case already. */
  start(load: Load): void {
    if (this.#connection !== null && isSame(load, this.#load)) return;
    this.#load = load;
    if (this.#connection === null) this.#open();
    this.#loadModel();
  }

  /** Leaves the process, which ends soon when nobody else needs it. */
  async stop(): Promise<void> {
    const connection = this.#connection;
    this.#connection = null;
    this.#loading = null;
    this.#become({ name: 'off' });
    await connection?.dispose();
  }

  /** A person asks for a new process; also after it was given up. */
  restart(): void {
    if (this.#connection === null) return;
    this.#become({ name: 'starting' });
    this.#connection.restart();
  }

  complete(params: CompleteParams): RunningCompletion {
    const abort = new AbortController();
    return { result: this.#complete(params, abort.signal), cancel: () => abort.abort() };
  }

  /** Prepares for a completion at this place. Answers nothing and fails silently: it is only a favour. */
  async warmUp(params: WarmUpParams, signal: AbortSignal): Promise<void> {
    if (this.#state.name !== 'ready' || this.#running > 0) return;
    await this.#connection?.call('warmUp', params, signal).catch(() => undefined);
  }

  /**
   * Writes the model's next turn.
   *
   * @param onText hears of the answer as it is written, as long as this call is open
   * @throws GemmaError `bad-input` when the model can't chat or the conversation doesn't fit; `no-model` when the engine
   * is off; `cancelled` at once when `signal` aborts; `engine-stopped` when the process ended meanwhile: it comes back by
   * itself, and what `onText` heard is all there is of this answer
   */
  async chat(
    params: Omit<ChatParams, 'stream'>,
    onText: (text: ChatText) => void,
    signal: AbortSignal,
  ): Promise<ChatResult> {
    const connection = this.#connected();
    const stream = String(++this.#streams);
    const told = connection.onEvent('chatText', ({ stream: name, ...text }) => {
      if (name === stream && !signal.aborted) onText(text);
    });
    try {
      return await this.#working(connection.call('chat', { ...params, stream }, signal));
    } finally {
      told.dispose();
    }
  }

  /** Of each text by itself; counting waits for no answer. @throws GemmaError `no-model`, `cancelled` */
  async countTokens(texts: readonly string[], signal?: AbortSignal): Promise<readonly number[]> {
    const { counts } = await this.#connected().call('countTokens', { texts: [...texts] }, signal);
    return counts;
  }

  /** What the model would be shown, in tokens. @throws GemmaError `bad-input`, `no-model`, `cancelled` */
  async countChat(params: CountChatParams, signal?: AbortSignal): Promise<number> {
    const { tokens } = await this.#connected().call('countChat', params, signal);
    return tokens;
  }

  async #complete(params: CompleteParams, signal: AbortSignal): Promise<CompleteResult> {
    if (this.#connection === null) throw new GemmaError('cancelled', 'Completion is off.');
    return this.#working(this.#connected().call('complete', params, signal));
  }

  /** @throws GemmaError `no-model` when the engine is off; why it failed */
  #connected(): EngineConnection {
    if (this.#connection === null) throw new GemmaError('no-model', 'The engine is off.');
    if (this.#state.name === 'failed') throw this.#state.error;
    return this.#connection;
  }

  async #working<T>(answer: Promise<T>): Promise<T> {
    this.#countRunning(1);
    try {
      return await answer;
    } finally {
      this.#countRunning(-1);
    }
  }

  #open(): void {
    const connection = this.#connect();
    this.#connection = connection;
    const isCurrent = (): boolean => this.#connection === connection;
    connection.onState((state) => {
      if (!isCurrent()) return;
      if (state.name === 'stopped') this.#become({ name: 'failed', error: state.reason });
      else if (state.name === 'restarting') this.#become({ name: 'restarting', attempt: state.attempt });
      else if (state.name === 'connected') this.#welcome();
    });
    connection.onEvent('progress', ({ step, fraction }) => {
      const busy = this.#state.name === 'loading' || this.#state.name === 'importing';
      if (isCurrent() && busy) this.#become({ name: step === 'load' ? 'loading' : 'importing', fraction });
    });
    connection.onEvent('model', ({ model }) => {
      // Given back while idle: the next completion brings it back by itself.
      if (isCurrent() && model !== null && this.#loading === null) this.#become({ name: 'ready', model });
    });
  }

  /** The client repeats a load that a crash interrupted, but only we know that a finished one must be done again. */
  #welcome(): void {
    if (this.#loading === null) this.#loadModel();
    else this.#become({ name: 'loading', fraction: 0 });
  }

  #loadModel(): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.#become(
      connection.state.name === 'connected' ? { name: 'loading', fraction: 0 } : { name: 'starting' },
    );
    const loading = connection.call('load', this.#load);
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
    this.#statuses.notify(this.status);
  }

  #become(state: PlainStatus): void {
    this.#state = state;
    this.#statuses.notify(this.status);
  }
}

function isSame(one: Load, other: Load): boolean {
  return one.model === other.model && one.backend === other.backend && one.snapshots === other.snapshots;
}
