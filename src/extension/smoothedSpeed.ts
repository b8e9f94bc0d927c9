/** Weight of all that was before, against the newest. */
const MEMORY = 0.7;
/** Fewer say more about the machine's clock than about its speed. */
const MIN_TOKENS = 8;

/** Tokens a second over the last texts; the longer and the later one was, the more it counts. */
export class SmoothedSpeed {
  #tokens = 0;
  #milliseconds = 0;

  /** Null: too little was written. */
  get tokensPerSecond(): number | null {
    return this.#tokens < MIN_TOKENS || this.#milliseconds === 0
      ? null
      : (this.#tokens / this.#milliseconds) * 1_000;
  }

  add(tokens: number, milliseconds: number): void {
    if (tokens === 0) return;
    this.#tokens = this.#tokens * MEMORY + tokens;
    this.#milliseconds = this.#milliseconds * MEMORY + milliseconds;
  }
}
