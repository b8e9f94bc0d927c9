/** Gaps between keystrokes count as typing up to this; longer ones are pauses. */
const MAX_GAP_MS = 400;
const MAX_GAPS = 20;

/** Until a rhythm is known. */
const FIRST_DELAY_MS = 50;
const MAX_DELAY_MS = 300;

/** How many typing gaps must pass before a pause is believed. After punctuation a new thought begins: ask sooner. */
const GAPS_IN_WORD = 1.5;
const GAPS_AFTER_WORD = 1;

const MIN_PATIENCE_MS = 200;
const MAX_PATIENCE_MS = 1_000;

/** Weight of the newest latency in the moving average. */
const LATENCY_WEIGHT = 0.3;

/**
 * How long to wait before asking the engine. Somebody who types fluently is not interrupted by work that the next key
 * makes useless; somebody who pauses doesn't wait. What the engine itself needs is part of the wait.
 */
export class Pacing {
  readonly #gaps: number[] = [];
  #lastKey: number | null = null;
  #latencyMs = 0;

  noteKeystroke(now: number): void {
    const gap = this.#lastKey === null ? Infinity : now - this.#lastKey;
    this.#lastKey = now;
    if (gap > MAX_GAP_MS) return;
    this.#gaps.push(gap);
    if (this.#gaps.length > MAX_GAPS) this.#gaps.shift();
  }

  noteLatency(latencyMs: number): void {
    const weight = this.#latencyMs === 0 ? 1 : LATENCY_WEIGHT;
    this.#latencyMs += weight * (latencyMs - this.#latencyMs);
  }

  /** Milliseconds from the keystroke to the request, 0–300, for text that ends like `prefix`. */
  delayMs(prefix: string): number {
    if (this.#gaps.length === 0) return FIRST_DELAY_MS;
    const gap = this.#gaps.reduce((sum, value) => sum + value, 0) / this.#gaps.length;
    const gaps = /[\p{L}\p{N}_]$/u.test(prefix.slice(-2)) ? GAPS_IN_WORD : GAPS_AFTER_WORD;
    return Math.min(MAX_DELAY_MS, Math.max(0, gaps * gap - this.#latencyMs));
  }

  /** How long a running request that may still turn out right is waited for, in milliseconds. */
  patienceMs(): number {
    return Math.min(MAX_PATIENCE_MS, Math.max(MIN_PATIENCE_MS, 1.5 * this.#latencyMs));
  }
}
