import type { Role } from '../../protocol/engine.ts';
import { GemmaError, toGemmaError } from '../../protocol/errors.ts';
import { cannotComplete, RemoteEngine } from '../../remote/remoteEngine.ts';
import { readServerAddress } from '../../remote/serverAddress.ts';
import type { EngineStatus } from '../modelSlot.ts';

/** Which server is to answer, and by which of its models. */
export interface RemoteLoad {
  readonly url: string;
  /** Empty: the server's first. */
  readonly model: string;
  readonly tokenOf: (origin: string) => Promise<string | null>;
  /** Another one means that the token may be another. */
  readonly tokenVersion: number;
}

type PlainStatus = Exclude<EngineStatus, { name: 'working' }>;

/** A server that couldn't be reached is asked again after this. */
const RETRY_MS = 15_000;

/** The server that answers for one role, as this window wants it and finds it. */
export class RemoteSlot {
  readonly #role: Role;
  readonly #onChange: () => void;
  #load: RemoteLoad | null = null;
  #engine: RemoteEngine | null = null;
  #opening: Promise<void> = Promise.resolve();
  #state: PlainStatus = { name: 'off' };
  #running = 0;
  /** Counts the attempts to open one; only the last counts. */
  #attempt = 0;
  #retry: NodeJS.Timeout | undefined;

  constructor(role: Role, onChange: () => void) {
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

  /** Finds out what the server is, unless that was asked already; null: none is wanted. */
  want(load: RemoteLoad | null): void {
    if (load === null ? this.#load === null : this.#load !== null && isSame(load, this.#load)) return;
    this.#load = load;
    this.retry();
  }

  /** Asks the server anew what it is; after a failure it may be there again, or be another. */
  retry(): void {
    clearTimeout(this.#retry);
    this.#engine?.dispose();
    this.#engine = null;
    if (this.#load === null) this.#become({ name: 'off' });
    else this.#opening = this.#open(this.#load);
  }

  /** @throws GemmaError as `work`; why the server can't be used */
  async ask<T>(work: (engine: RemoteEngine) => Promise<T>): Promise<T> {
    await this.#opening;
    const engine = this.#engine;
    if (this.#state.name === 'failed') throw this.#state.error;
    if (engine === null) throw new GemmaError('no-model', 'The server is not used any more.');
    this.#countRunning(1);
    try {
      return await work(engine);
    } catch (error) {
      if (isGone(toGemmaError(error)) && engine === this.#engine) this.retry();
      throw error;
    } finally {
      this.#countRunning(-1);
    }
  }

  /** Tokens of each text by itself. Nothing is sent, so the texts may be some that nobody has asked about yet. */
  estimate(texts: readonly string[]): readonly number[] {
    return this.#engine?.estimate(texts) ?? texts.map(({ length }) => length);
  }

  async #open(load: RemoteLoad): Promise<void> {
    const attempt = ++this.#attempt;
    const isCurrent = (): boolean => attempt === this.#attempt && this.#load !== null;
    this.#become({ name: 'starting' });
    try {
      const server = readServerAddress(load.url);
      const token = await load.tokenOf(server.origin);
      if (!isCurrent()) return;
      const engine = new RemoteEngine({ address: server, token }, load.model);
      this.#engine = engine;
      const { signal } = new AbortController();
      const { name, contextTokens } = await engine.describe(signal);
      if (this.#role === 'completion' && (await engine.fillIn(signal)) === null)
        throw cannotComplete(server.host, name);
      if (!isCurrent()) return;
      const context = { contextTokens, chatContextTokens: contextTokens };
      this.#become({ name: 'ready', model: { name, chat: true, ...context, languages: [], server } });
    } catch (error) {
      if (!isCurrent()) return;
      const failure = toGemmaError(error);
      if (failure.code === 'cancelled') return;
      this.#become({ name: 'failed', error: failure });
      if (failure.code === 'network') this.#retry = setTimeout(() => this.retry(), RETRY_MS).unref();
    }
  }

  #countRunning(change: number): void {
    this.#running += change;
    this.#onChange();
  }

  #become(state: PlainStatus): void {
    this.#state = state;
    this.#onChange();
  }
}

/** Whether the server may be away or another: one that is merely busy, or failed over this request, is not asked more. */
function isGone({ code, cause }: GemmaError): boolean {
  return code === 'no-model' || code === 'unauthorized' || (code === 'network' && typeof cause !== 'number');
}

function isSame(one: RemoteLoad, other: RemoteLoad): boolean {
  return one.url === other.url && one.model === other.model && one.tokenVersion === other.tokenVersion;
}
