import { setTimeout as delay } from 'node:timers/promises';
import { GemmaError } from '../../../protocol/errors.ts';
import { HubFault } from './hubFault.ts';

/** In milliseconds, but for `falseAnswers`. */
export interface Timing {
  /** Without a byte for this long, the connection counts as broken. */
  readonly stallMs: number;
  /** Before the first new try; doubled with each one, up to `longestWaitMs`. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** Without progress for this long, and after `MIN_TRIES`, it is given up. */
  readonly giveUpMs: number;
  /** False answers in a row, after which nothing else is expected. */
  readonly falseAnswers: number;
}

export const DEFAULT_TIMING: Timing = {
  stallMs: 30_000,
  firstWaitMs: 500,
  longestWaitMs: 30_000,
  giveUpMs: 5 * 60_000,
  falseAnswers: 4,
};

const MIN_TRIES = 5;
/** A server may ask for any wait; nobody looks at a download that stands still for longer. */
const MAX_ASKED_WAIT_MS = 2 * 60_000;

/** Decides how long to wait before the next try and when there is no sense in one. Any progress starts it anew. */
export class Patience {
  readonly #timing: Timing;
  #tries = 0;
  #falseAnswers = 0;
  #since = performance.now();

  constructor(timing: Timing) {
    this.#timing = timing;
  }

  progress(): void {
    this.#tries = 0;
    this.#falseAnswers = 0;
    this.#since = performance.now();
  }

  /**
   * Returns when it is time for another try after `error`.
   *
   * @throws GemmaError what the fault says at last; `cancelled` when `signal` aborts; `error` itself unless it is a fault
   */
  async wait(error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw cancelled();
    if (!(error instanceof HubFault)) throw error;
    this.#tries += 1;
    if (error.kind === 'false') this.#falseAnswers += 1;
    const { firstWaitMs, longestWaitMs, giveUpMs, falseAnswers } = this.#timing;
    const isHopeless = this.#tries >= MIN_TRIES && performance.now() - this.#since >= giveUpMs;
    if (isHopeless || this.#falseAnswers >= falseAnswers) throw error.final;
    const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** (this.#tries - 1));
    // Jitter: many windows that lost the same server don't come back at the same moment.
    const jittered = wait * (0.5 + Math.random() / 2);
    const asked = Math.min(error.waitMs, MAX_ASKED_WAIT_MS);
    await delay(Math.max(jittered, asked), undefined, { signal }).catch(() => {
      throw cancelled();
    });
  }
}

export function cancelled(): GemmaError {
  return new GemmaError('cancelled', 'The download was stopped.');
}
