import { Listeners } from '../client/listeners.ts';
import type { Subscription } from '../client/listeners.ts';

const MINUTE_MS = 60_000;

/** A pause that a person asked for. It ends by itself. */
export class Snooze {
  readonly #changes = new Listeners<boolean>();
  #timer: NodeJS.Timeout | null = null;

  get active(): boolean {
    return this.#timer !== null;
  }

  onChange(listener: (active: boolean) => void): Subscription {
    return this.#changes.add(listener);
  }

  start(minutes: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end(), minutes * MINUTE_MS);
    this.#changes.notify(true);
  }

  end(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#changes.notify(false);
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
