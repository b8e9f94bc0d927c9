import { Disposable } from './disposable.ts';
import type { Engine } from './engine.ts';
import type { Settings } from './settings.ts';

/** Who may need a model. */
export type EngineUser = 'completion' | 'chat';

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
    if (this.#users.size === 0) {
      void this.#engine.stop();
      return;
    }
    const model = this.#settings.get('gemmaCode.engine.model');
    const backend = this.#settings.get('gemmaCode.engine.backend');
    const isBuiltIn = model === '';
    // The built-in model reads its longest prompt in a moment: nothing to keep somebody's text on a disk for.
    const snapshots = !isBuiltIn && this.#settings.get('gemmaCode.engine.snapshots');
    this.#engine.start({ ...(isBuiltIn ? {} : { model }), backend, snapshots });
  }
}
