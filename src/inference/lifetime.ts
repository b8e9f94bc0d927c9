/** How long the process outlives its clients, in milliseconds. */
export interface LifetimeLimits {
  /** For a first client after the start. */
  readonly connectMs: number;
  /** After the last client said goodbye. */
  readonly idleExitMs: number;
  /** After the last client vanished: it was killed, so nobody will come to use what is running. */
  readonly vanishMs: number;
}

/** Counts clients and decides when the process has no reason to stay. */
export class Lifetime {
  readonly #limits: LifetimeLimits;
  readonly #end: (reason: string) => void;
  #clients = 0;
  #timer: NodeJS.Timeout;

  constructor(limits: LifetimeLimits, end: (reason: string) => void) {
    this.#limits = limits;
    this.#end = end;
    this.#timer = this.#endAfter(limits.connectMs, 'no-client');
  }

  get clients(): number {
    return this.#clients;
  }

  arrive(): void {
    this.#clients += 1;
    clearTimeout(this.#timer);
  }

  leave(goodbye: boolean): void {
    this.#clients -= 1;
    if (this.#clients > 0) return;
    this.#timer = goodbye
      ? this.#endAfter(this.#limits.idleExitMs, 'idle')
      : this.#endAfter(this.#limits.vanishMs, 'clients-vanished');
  }

  #endAfter(ms: number, reason: string): NodeJS.Timeout {
    return setTimeout(() => this.#end(reason), ms);
  }
}
