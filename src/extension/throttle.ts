/** Calls `run` at once when asked, then again at most every `intervalMs`, as long as there were further wishes. */
export class Throttle {
  readonly #run: () => void;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;
  #wanted = false;

  constructor(run: () => void, intervalMs: number) {
    this.#run = run;
    this.#intervalMs = intervalMs;
  }

  request(): void {
    this.#wanted = true;
    if (this.#timer === undefined) this.#next();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wanted = false;
  }

  #next(): void {
    this.#timer = undefined;
    if (!this.#wanted) return;
    this.#wanted = false;
    this.#timer = setTimeout(() => this.#next(), this.#intervalMs);
    this.#run();
  }
}
