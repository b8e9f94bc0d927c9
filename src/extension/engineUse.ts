import type { Role } from '../protocol/engine.ts';
import { Disposable } from './disposable.ts';
import type { Engine, Load } from './engine.ts';
import type { Settings } from './settings.ts';

/** Who may need a model. `languageModel`: others that ask the chat's. `models`: whoever looks after models, and needs none. */
export type EngineUser = Role | 'languageModel' | 'models';

const MEGABYTE = 1024 * 1024;

/** Keeps the engine as the settings say while somebody uses it; otherwise nothing runs. */
export class EngineUse extends Disposable {
  readonly #engine: Engine;
  readonly #settings: Settings;
  readonly #users = new Set<EngineUser>();

  constructor(engine: Engine, settings: Settings) {
    super();
    this.#engine = engine;
    this.#settings = settings;
    this.own(settings.onChange(() => this.#apply()));
  }

  set(user: EngineUser, uses: boolean): void {
    if (this.#users.has(user) === uses) return;
    if (uses) this.#users.add(user);
    else this.#users.delete(user);
    this.#apply();
  }

  #apply(): void {
    if (this.#users.size === 0) void this.#engine.stop();
    else this.#engine.start({ completion: this.#load('completion'), chat: this.#load('chat') });
  }

  #load(role: Role): Load | null {
    const model = this.#settings.get(`gemmaCode.${role}.model`);
    const isBuiltIn = model === '';
    const isUsed = this.#users.has(role) || (role === 'chat' && this.#users.has('languageModel'));
    // The built-in model doesn't chat.
    if (!isUsed || (isBuiltIn && role === 'chat')) return null;
    const backend = this.#settings.get('gemmaCode.engine.backend');
    const memoryBytes = this.#settings.get('gemmaCode.engine.memory') * MEGABYTE;
    const keeps = this.#settings.get('gemmaCode.engine.snapshots');
    // The built-in model reads its longest prompt in a moment: nothing to keep somebody's text on a disk for.
    const snapshots = isBuiltIn && keeps ? {} : { snapshots: keeps };
    return { ...(isBuiltIn ? {} : { model }), backend, ...snapshots, memoryBytes };
  }
}
