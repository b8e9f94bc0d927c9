import { Listeners } from '../client/listeners.ts';
import type { Subscription } from '../client/listeners.ts';
import type { Role, StatusResult } from '../protocol/engine.ts';
import type { TransferView } from '../protocol/models.ts';
import { Disposable } from './disposable.ts';
import type { Answered, Engine } from './engine.ts';
import { SmoothedSpeed } from './smoothedSpeed.ts';
import { Throttle } from './throttle.ts';

/** Asking is cheap, but nobody reads faster. */
const ASK_INTERVAL_MS = 3_000;

/** Numbers about the engine that a person may want to know. Asks only while something goes on. */
export class EngineFacts extends Disposable {
  readonly #engine: Engine;
  readonly #changes = new Listeners<void>();
  readonly #asking = this.own(new Throttle(() => void this.#ask(), ASK_INTERVAL_MS));
  readonly #speeds: Readonly<Record<Role, SmoothedSpeed>> = {
    completion: new SmoothedSpeed(),
    chat: new SmoothedSpeed(),
  };
  #status: StatusResult | null = null;
  #transfers: readonly TransferView[] = [];

  constructor(engine: Engine) {
    super();
    this.#engine = engine;
    this.own(engine.onStatus(() => this.#asking.request()));
    // What another process did is over.
    this.own(engine.onConnected(() => (this.#transfers = [])));
    this.own(engine.onAnswered((answered) => this.#noteAnswered(answered)));
    this.own(
      engine.onTransfers((transfers) => {
        this.#transfers = transfers;
        this.#asking.request();
        this.#changes.notify();
      }),
    );
  }

  /** Null: nothing runs, or it was not asked yet. */
  get status(): StatusResult | null {
    return this.#engine.pid === null ? null : this.#status;
  }

  get transfers(): readonly TransferView[] {
    return this.#engine.pid === null ? [] : this.#transfers;
  }

  /** Tokens a second of the last answers; null: none was long enough. */
  speedOf(role: Role): number | null {
    return this.#speeds[role].tokensPerSecond;
  }

  onChange(listener: () => void): Subscription {
    return this.#changes.add(listener);
  }

  #noteAnswered({ role, tokens, decodeMs }: Answered): void {
    this.#speeds[role].add(tokens, decodeMs);
    this.#asking.request();
  }

  async #ask(): Promise<void> {
    if (this.#engine.pid === null) return;
    // A process that just went answers nothing; it is asked again when it is back.
    this.#status = await this.#engine.request('status', {}).catch(() => null);
    this.#changes.notify();
  }
}
