/** Long enough that a number can be read, short enough to follow a change. */
const WINDOW_MS = 5_000;

/** Bytes a second over the last seconds. */
export class Speed {
  readonly #samples: { readonly ms: number; readonly bytes: number }[] = [];

  /** @param bytes in all, so far @param ms monotonic time */
  add(bytes: number, ms: number): void {
    this.#samples.push({ ms, bytes });
    this.#forget(ms);
  }

  at(ms: number): number {
    this.#forget(ms);
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || ms <= first.ms) return 0;
    return Math.max(0, last.bytes - first.bytes) / ((ms - first.ms) / 1_000);
  }

  #forget(ms: number): void {
    while ((this.#samples[0]?.ms ?? ms) < ms - WINDOW_MS) this.#samples.shift();
  }
}
