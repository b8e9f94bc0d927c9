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
  RequestName,
  RequestParams,
  RequestResult,
  Role,
  WarmUpParams,
} from '../protocol/engine.ts';
import { GemmaError } from '../protocol/errors.ts';
import { type EngineStatus, type Load, ModelSlot } from './modelSlot.ts';
import { type RemoteLoad, RemoteSlot } from './remote/remoteSlot.ts';

export type { EngineStatus, Load } from './modelSlot.ts';

export type EngineConnection = Pick<
  EngineClient,
  'call' | 'onState' | 'onEvent' | 'restart' | 'dispose' | 'state'
>;

/** Text that was added to an answer. */
export type ChatText = Omit<EventBody<'chatText'>, 'stream'>;

/** What was written for whom, and how long it took. */
export interface Answered {
  readonly role: Role;
  readonly tokens: number;
  readonly decodeMs: number;
}

/** What is asked about models themselves; it needs the process, but none of them loaded. */
export type ManagementRequest = Extract<
  RequestName,
  | 'listModels'
  | 'download'
  | 'pauseDownload'
  | 'cancelDownload'
  | 'installModel'
  | 'removeModel'
  | 'moveModels'
  | 'machine'
  | 'measureMachine'
  | 'status'
>;

/** Around every turn, in tokens, where nobody counts what a template adds. */
const TURN_TOKENS = 16;

/**
 * Who answers in this window: the inference process, there while it is wanted, with the models that are wanted; or, for
 * a role that a server of the person's has, that server.
 */
export class Engine {
  readonly #connect: () => EngineConnection;
  readonly #statuses = new Listeners<{ readonly role: Role; readonly status: EngineStatus }>();
  readonly #transfers = new Listeners<EventBody<'transfers'>['transfers']>();
  readonly #installed = new Listeners<void>();
  readonly #progress = new Listeners<number>();
  readonly #connections = new Listeners<void>();
  readonly #answered = new Listeners<Answered>();
  readonly #slots: { readonly [R in Role]: ModelSlot } = {
    completion: this.#slot('completion'),
    chat: this.#slot('chat'),
  };
  readonly #servers: { readonly [R in Role]: RemoteSlot } = {
    completion: new RemoteSlot('completion', () => this.#notify('completion')),
    chat: new RemoteSlot('chat', () => this.#notify('chat')),
  };
  #connection: EngineConnection | null = null;
  #streams = 0;

  constructor(connect: () => EngineConnection) {
    this.#connect = connect;
  }

  statusOf(role: Role): EngineStatus {
    const server = this.#servers[role];
    return server.isWanted ? server.status : this.#slots[role].status;
  }

  /** Of the inference process; null while there is no connection to one. */
  get pid(): number | null {
    const state = this.#connection?.state;
    return state?.name === 'connected' ? state.pid : null;
  }

  onStatus(listener: (status: EngineStatus, role: Role) => void): Subscription {
    return this.#statuses.add(({ role, status }) => listener(status, role));
  }

  /** All downloads, whenever one has gone on. */
  onTransfers(listener: (transfers: EventBody<'transfers'>['transfers']) => void): Subscription {
    return this.#transfers.add(listener);
  }

  /** The list of installed models has changed. */
  onInstalled(listener: () => void): Subscription {
    return this.#installed.add(listener);
  }

  /** A model is being installed for this window, or all are being moved: how far that is, 0–1. */
  onProgress(listener: (fraction: number) => void): Subscription {
    return this.#progress.add(listener);
  }

  /** The process is there, perhaps anew: what was asked of another is forgotten. */
  onConnected(listener: () => void): Subscription {
    return this.#connections.add(listener);
  }

  /** An answer or a completion was written. */
  onAnswered(listener: (answered: Answered) => void): Subscription {
    return this.#answered.add(listener);
  }

  /** Starts or connects to the process and has these models loaded, as far as they aren't; null: none is wanted. */
  start(loads: { readonly [R in Role]: Load | null }): void {
    const connection = this.#connection ?? this.#open();
    this.#slots.completion.want(loads.completion, connection);
    this.#slots.chat.want(loads.chat, connection);
  }

  /** Has servers answer from now on, each for its role; null: none does. What they are is asked at once. */
  useServers(loads: { readonly [R in Role]: RemoteLoad | null }): void {
    this.#servers.completion.want(loads.completion);
    this.#servers.chat.want(loads.chat);
  }

  /** Leaves the process, which ends soon when nobody else needs it. */
  async stop(): Promise<void> {
    const connection = this.#connection;
    this.#connection = null;
    this.#each((slot) => slot.drop());
    await connection?.dispose();
  }

  /** A person asks for a new process; also after it was given up. Servers are asked anew what they are. */
  restart(): void {
    this.#servers.completion.retry();
    this.#servers.chat.retry();
    if (this.#connection === null) return;
    this.#each((slot) => slot.noteStart({ name: 'starting' }));
    this.#connection.restart();
  }

  complete(params: CompleteParams): RunningCompletion {
    const abort = new AbortController();
    return { result: this.#complete(params, abort.signal), cancel: () => abort.abort() };
  }

  /** Prepares for a completion at this place. Answers nothing and fails silently: it is only a favour. */
  async warmUp(params: WarmUpParams, signal: AbortSignal): Promise<void> {
    if (this.#servers.completion.isWanted) return;
    const { status, isRunning } = this.#slots.completion;
    if (status.name !== 'ready' || isRunning || this.#slots.chat.isRunning) return;
    await this.#connection?.call('warmUp', params, signal).catch(() => undefined);
  }

  /**
   * Writes the model's next turn.
   *
   * @param onText hears of the answer as it is written, as long as this call is open
   * @throws GemmaError `bad-input` when the model can't chat or the conversation doesn't fit; `no-model` when the engine
   * is off; `cancelled` at once when `signal` aborts; `engine-stopped` when the process ended meanwhile: it comes back by
   * itself, and what `onText` heard is all there is of this answer. A server fails as RemoteEngine says
   */
  async chat(
    params: Omit<ChatParams, 'stream'>,
    onText: (text: ChatText) => void,
    signal: AbortSignal,
  ): Promise<ChatResult> {
    if (this.#servers.chat.isWanted)
      return this.#servers.chat.ask((server) => server.chat(params, onText, signal));
    const connection = this.#connected('chat');
    const stream = String(++this.#streams);
    const told = connection.onEvent('chatText', ({ stream: name, ...text }) => {
      if (name === stream && !signal.aborted) onText(text);
    });
    try {
      const { chat } = this.#slots;
      return this.#noted('chat', await chat.working(connection.call('chat', { ...params, stream }, signal)));
    } finally {
      told.dispose();
    }
  }

  /**
   * Of each text by itself; counting waits for no answer. Nothing is sent to a server for it, since a person may not
   * have asked anything yet: its tokens are estimated.
   *
   * @throws GemmaError `no-model`, `cancelled`
   */
  async countTokens(texts: readonly string[], signal?: AbortSignal): Promise<readonly number[]> {
    if (this.#servers.chat.isWanted) return this.#servers.chat.estimate(texts);
    const { counts } = await this.#connected('chat').call('countTokens', { texts: [...texts] }, signal);
    return counts;
  }

  /** As countTokens, for a question that was asked: a server that counts tokens may be given its texts. */
  async countAsked(texts: readonly string[], signal: AbortSignal): Promise<readonly number[]> {
    if (!this.#servers.chat.isWanted) return this.countTokens(texts, signal);
    return this.#servers.chat.ask((server) => server.countTokens(texts, signal));
  }

  /** What the model would be shown, in tokens; as countTokens. @throws GemmaError `bad-input`, `no-model`, `cancelled` */
  async countChat(params: CountChatParams, signal?: AbortSignal): Promise<number> {
    if (this.#servers.chat.isWanted) {
      const { system, turns, prefill } = params;
      const counts = this.#servers.chat.estimate([system, ...turns.map(({ text }) => text), prefill]);
      return counts.reduce((sum, tokens) => sum + tokens, (turns.length + 1) * TURN_TOKENS);
    }
    const { tokens } = await this.#connected('chat').call('countChat', params, signal);
    return tokens;
  }

  /** @throws GemmaError `no-model` when the engine is off; otherwise as the process answered */
  async request<N extends ManagementRequest>(
    name: N,
    params: RequestParams<N>,
    signal?: AbortSignal,
  ): Promise<RequestResult<N>> {
    if (this.#connection === null) throw new GemmaError('no-model', 'The engine is off.');
    return this.#connection.call(name, params, signal);
  }

  async #complete(params: CompleteParams, signal: AbortSignal): Promise<CompleteResult> {
    if (this.#servers.completion.isWanted)
      return this.#servers.completion.ask((server) => server.complete(params, signal));
    const slot = this.#slots.completion;
    if (!slot.isWanted) throw new GemmaError('cancelled', 'Completion is off.');
    const connection = this.#connected('completion');
    return this.#noted('completion', await slot.working(connection.call('complete', params, signal)));
  }

  #noted<T extends Omit<Answered, 'role'>>(role: Role, result: T): T {
    this.#answered.notify({ role, tokens: result.tokens, decodeMs: result.decodeMs });
    return result;
  }

  /** @throws GemmaError `no-model` when no model is wanted for it; why it failed */
  #connected(role: Role): EngineConnection {
    const { status, isWanted } = this.#slots[role];
    if (this.#connection === null || !isWanted) throw new GemmaError('no-model', 'The engine is off.');
    if (status.name === 'failed') throw status.error;
    return this.#connection;
  }

  #slot(role: Role): ModelSlot {
    return new ModelSlot(role, () => this.#notify(role));
  }

  #notify(role: Role): void {
    this.#statuses.notify({ role, status: this.statusOf(role) });
  }

  #each(change: (slot: ModelSlot) => void): void {
    change(this.#slots.completion);
    change(this.#slots.chat);
  }

  #open(): EngineConnection {
    const connection = this.#connect();
    this.#connection = connection;
    const isCurrent = (): boolean => this.#connection === connection;
    connection.onState((state) => {
      if (!isCurrent()) return;
      if (state.name === 'stopped') {
        this.#each((slot) => slot.noteStart({ name: 'failed', error: state.reason }));
      } else if (state.name === 'restarting') {
        this.#each((slot) => slot.noteStart({ name: 'restarting', attempt: state.attempt }));
      } else if (state.name === 'connected') {
        this.#each((slot) => slot.welcome(connection));
        this.#connections.notify();
      }
    });
    connection.onEvent('progress', (progress) => {
      if (!isCurrent()) return;
      if (progress.role === null) this.#progress.notify(progress.fraction);
      else this.#slots[progress.role].noteProgress(progress);
    });
    connection.onEvent('model', ({ role, model }) => {
      if (isCurrent()) this.#slots[role].noteModel(model);
    });
    connection.onEvent('transfers', ({ transfers }) => {
      if (isCurrent()) this.#transfers.notify(transfers);
    });
    connection.onEvent('installed', () => {
      if (isCurrent()) this.#installed.notify();
    });
    return connection;
  }
}
