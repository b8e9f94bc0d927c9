import type { Role } from '../protocol/engine.ts';
import { Disposable } from './disposable.ts';
import type { Engine, Load } from './engine.ts';
import { usesServer } from './remote/remoteSettings.ts';
import type { RemoteLoad } from './remote/remoteSlot.ts';
import type { RemoteTokens } from './remote/remoteTokens.ts';
import type { Settings } from './settings.ts';

/** Who may need a model. `languageModel`: others that ask the chat's. `models`: whoever looks after models, and needs none. */
export type EngineUser = Role | 'languageModel' | 'models';

const MEGABYTE = 1024 * 1024;

/** Keeps the engine as the settings say while somebody uses it; otherwise nothing runs and no server is asked anything. */
export class EngineUse extends Disposable {
  readonly #engine: Engine;
  readonly #settings: Settings;
  readonly #tokens: RemoteTokens;
  readonly #users = new Set<EngineUser>();

  constructor(engine: Engine, settings: Settings, tokens: RemoteTokens) {
    super();
    this.#engine = engine;
    this.#settings = settings;
    this.#tokens = tokens;
    this.own(settings.onChange(() => this.#apply()));
    this.own(tokens.onChange(() => this.#apply()));
    this.own({ dispose: () => engine.useServers({ completion: null, chat: null }) });
  }

  set(user: EngineUser, uses: boolean): void {
    if (this.#users.has(user) === uses) return;
    if (uses) this.#users.add(user);
    else this.#users.delete(user);
    this.#apply();
  }

  #apply(): void {
    const servers = { completion: this.#server('completion'), chat: this.#server('chat') };
    this.#engine.useServers(servers);
    const isLocal = (user: EngineUser): boolean =>
      user === 'models' || servers[user === 'completion' ? 'completion' : 'chat'] === null;
    if (![...this.#users].some(isLocal)) void this.#engine.stop();
    else this.#engine.start({ completion: this.#load('completion'), chat: this.#load('chat') });
  }

  #isUsed(role: Role): boolean {
    return this.#users.has(role) || (role === 'chat' && this.#users.has('languageModel'));
  }

  #server(role: Role): RemoteLoad | null {
    if (!this.#isUsed(role) || !usesServer(this.#settings, role)) return null;
    return {
      url: this.#settings.get('gemmaCode.remote.url'),
      model: this.#settings.get('gemmaCode.remote.model'),
      tokenOf: (origin) => this.#tokens.of(origin),
      tokenVersion: this.#tokens.version,
    };
  }

  #load(role: Role): Load | null {
    const model = this.#settings.get(`gemmaCode.${role}.model`);
    const isBuiltIn = model === '';
    // The built-in model doesn't chat.
    if (!this.#isUsed(role) || (isBuiltIn && role === 'chat') || usesServer(this.#settings, role))
      return null;
    const backend = this.#settings.get('gemmaCode.engine.backend');
    const memoryBytes = this.#settings.get('gemmaCode.engine.memory') * MEGABYTE;
    const keeps = this.#settings.get('gemmaCode.engine.snapshots');
    // The built-in model reads its longest prompt in a moment: nothing to keep somebody's text on a disk for.
    const snapshots = isBuiltIn && keeps ? {} : { snapshots: keeps };
    return { ...(isBuiltIn ? {} : { model }), backend, ...snapshots, memoryBytes };
  }
}
