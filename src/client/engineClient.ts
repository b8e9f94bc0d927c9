import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { LoadParams } from '../protocol/engine.ts';
import type {
  EventBody,
  EventName,
  RequestName,
  RequestParams,
  RequestResult,
  Role,
} from '../protocol/engine.ts';
import { GemmaError, toGemmaError } from '../protocol/errors.ts';
import type { ClientState } from './clientState.ts';
import { watchHeartbeat } from './heartbeat.ts';
import { Listeners } from './listeners.ts';
import type { Subscription } from './listeners.ts';
import { pendingCall } from './pendingCall.ts';
import type { PendingCall } from './pendingCall.ts';
import { spawnOrConnect } from './processHost.ts';
import type { HostedConnection } from './processHost.ts';
import { DEFAULT_HANG_MS } from './processOptions.ts';
import type { ProcessOptions } from './processOptions.ts';
import { afterCrashAnswers, sendable } from './replay.ts';
import { afterCrash } from './restartPolicy.ts';
import type { CrashHistory } from './restartPolicy.ts';

/** A farewell is a courtesy: a process that doesn't take it in this time ends by itself. */
const GOODBYE_MS = 500;

/**
 * One client of the inference process: connects on the first call, restarts a crashed process, loads again what was
 * loaded, and repeats what was asked. Every call settles.
 */
export class EngineClient {
  readonly #options: ProcessOptions;
  readonly #states = new Listeners<ClientState>();
  readonly #events: { readonly [N in EventName]: Listeners<EventBody<N>> } = {
    progress: new Listeners(),
    chatText: new Listeners(),
    model: new Listeners(),
    transfers: new Listeners(),
    installed: new Listeners(),
  };
  readonly #pending = new Set<PendingCall>();
  #state: ClientState = { name: 'idle' };
  #crashes: CrashHistory = [];
  #hosted: HostedConnection | null = null;
  #connecting = false;
  #disposed = false;
  /** What to load again after a crash. */
  readonly #loaded = new Map<Role, RequestParams<'load'>>();

  constructor(options: ProcessOptions) {
    this.#options = options;
  }

  get state(): ClientState {
    return this.#state;
  }

  onState(listener: (state: ClientState) => void): Subscription {
    return this.#states.add(listener);
  }

  onEvent<N extends EventName>(name: N, listener: (body: EventBody<N>) => void): Subscription {
    return this.#events[name].add(listener);
  }

  /**
   * @throws GemmaError as the process answered; `cancelled` at once when `signal` aborts; `engine-stopped` when the
   * process ended and the request can't be repeated; `engine-unavailable` when it can't be started
   */
  async call<N extends Exclude<RequestName, 'hello' | 'goodbye'>>(
    name: N,
    params: RequestParams<N>,
    signal?: AbortSignal,
  ): Promise<RequestResult<N>> {
    if (this.#disposed || signal?.aborted === true) {
      throw new GemmaError('cancelled', 'The request was cancelled.');
    }
    if (this.#state.name === 'stopped') throw this.#state.reason;
    const promise = this.#open(name, params, signal);
    if (this.#hosted === null) void this.#connect('starting', 0);
    else this.#send(this.#hosted);
    const result = await promise;
    if (name === 'load') {
      const load = v.parse(LoadParams, params);
      this.#loaded.set(load.role, load);
    }
    return result;
  }

  /** The person asks: forgets earlier crashes and starts anew, ending a process that is still there. */
  restart(): void {
    this.#crashes = [];
    if (this.#hosted !== null) this.#kill(this.#hosted);
    else void this.#connect('restarting', 0);
  }

  /** Says goodbye, so that the process may stay for others; open calls end as `cancelled`. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    for (const call of this.#pending) call.fail(new GemmaError('cancelled', 'The client was closed.'));
    const connection = this.#hosted?.connection;
    if (connection !== undefined) {
      const farewell = connection.call('goodbye', {}).catch(() => undefined);
      await Promise.race([farewell, delay(GOODBYE_MS, undefined, { ref: false })]);
      connection.close();
    }
    this.#become({ name: 'idle' });
  }

  async #connect(name: 'starting' | 'restarting', delayMs: number): Promise<void> {
    if (this.#connecting || this.#disposed) return;
    this.#connecting = true;
    this.#become(name === 'starting' ? { name } : { name, attempt: this.#crashes.length });
    try {
      await delay(delayMs);
      if (this.#disposed) return;
      const hosted = await this.#spawnOrConnect();
      this.#connecting = false;
      this.#welcome(hosted);
    } catch (error) {
      this.#connecting = false;
      this.#recover(toGemmaError(error));
    }
  }

  async #spawnOrConnect(): Promise<HostedConnection> {
    let heartbeat: Subscription | null = null;
    let closed = false;
    const hosted = await spawnOrConnect(this.#options, {
      onEvent: (name, body) => this.#events[name].notify(body),
      onClose: () => {
        closed = true;
        heartbeat?.dispose();
        if (this.#hosted !== null) this.#lose();
      },
    });
    if (closed)
      throw new GemmaError('engine-unavailable', 'The inference process ended right after its start.');
    const busy = (): boolean => [...this.#pending].some((call) => call.sent);
    const hangMs = this.#options.hangMs ?? DEFAULT_HANG_MS;
    heartbeat = watchHeartbeat(hosted.connection, hangMs, busy, () => this.#kill(hosted));
    return hosted;
  }

  #welcome(hosted: HostedConnection): void {
    if (this.#disposed) {
      hosted.connection.close();
      return;
    }
    this.#hosted = hosted;
    this.#become({ name: 'connected', pid: hosted.pid });
    for (const [role, load] of this.#loaded) {
      if ([...this.#pending].some((call) => call.name === 'load' && call.role === role)) continue;
      // Whoever asks next gets the same error as an answer.
      this.#open('load', load, undefined).catch(() => this.#loaded.delete(role));
    }
    this.#send(hosted);
  }

  #open<N extends RequestName>(
    name: N,
    params: RequestParams<N>,
    signal: AbortSignal | undefined,
  ): Promise<RequestResult<N>> {
    const { call, promise } = pendingCall(name, params, signal, (settled) => {
      this.#pending.delete(settled);
      if (this.#hosted !== null) this.#send(this.#hosted);
    });
    this.#pending.add(call);
    return promise;
  }

  #send({ connection }: HostedConnection): void {
    for (const call of sendable([...this.#pending])) call.send(connection);
  }

  #lose(): void {
    this.#hosted = null;
    for (const call of this.#pending) if (call.sent) call.lose();
    this.#recover(new GemmaError('engine-unavailable', 'The inference process keeps ending unexpectedly.'));
  }

  /** After a crash or a failed start. */
  #recover(cause: GemmaError): void {
    if (this.#disposed) return;
    const decision = afterCrash(this.#crashes, performance.now());
    this.#crashes = decision.history;
    if (!decision.restart) {
      const reason = new GemmaError('engine-unavailable', cause.message, { cause });
      this.#become({ name: 'stopped', reason });
      for (const call of this.#pending) call.fail(reason);
      return;
    }
    const calls = [...this.#pending];
    const answers = afterCrashAnswers(calls);
    for (const [index, call] of calls.entries()) {
      const code = answers[index] ?? null;
      if (code !== null)
        call.fail(new GemmaError(code, 'The inference process ended while it worked on this.'));
    }
    void this.#connect('restarting', decision.delayMs);
  }

  /** Its socket closes as in a crash, and everything goes on from there. */
  #kill(hosted: HostedConnection): void {
    try {
      process.kill(hosted.pid, 'SIGKILL');
    } catch {
      hosted.connection.close();
    }
  }

  #become(state: ClientState): void {
    this.#state = state;
    this.#states.notify(state);
  }
}
