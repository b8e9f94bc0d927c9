import type { Turn } from '../kv/turn.ts';
import type { CancelFlag } from './cancelFlag.ts';

/**
 * Kinds of work by urgency: counting takes a moment; a person waits for every letter of a completion; loading, in long
 * steps, is waited for by whoever needs that model.
 */
export type Urgency = 'count' | 'completion' | 'model' | 'edit' | 'chat' | 'warmUp';

/** Lower runs first. */
const rank: Record<Urgency, number> = { count: 0, completion: 1, model: 2, edit: 3, chat: 4, warmUp: 5 };

interface Job {
  readonly urgency: Urgency;
  readonly cancel: CancelFlag;
  readonly arrival: number;
  go(): void;
}

/** A cancelled job needs the engine only to end: it doesn't wait for others to finish. */
function rankOf({ urgency, cancel }: Pick<Job, 'urgency' | 'cancel'>): number {
  return cancel.cancelled ? -1 : rank[urgency];
}

/**
 * Gives the engine to one job at a time. A more urgent one takes it over between two steps of another, which then goes
 * on where it was; jobs of equal urgency run one after the other.
 */
export class Scheduler {
  /** Takes in what arrived meanwhile: a thread that computes hears no messages by itself. */
  readonly #poll: () => void;
  readonly #waiting: Job[] = [];
  #isHeld = false;
  #arrivals = 0;
  /** Jobs that let others compute while they wait for something else than the engine. */
  #aside = 0;

  constructor(poll: () => void) {
    this.#poll = poll;
  }

  /** @throws what `work` throws; GemmaError `cancelled` when the flag is up before it began */
  async run<T>(urgency: Urgency, cancel: CancelFlag, work: (turn: Turn) => Promise<T>): Promise<T> {
    const arrival = this.#arrivals++;
    const wait = (): Promise<void> =>
      new Promise((go) => this.#waiting.push({ urgency, cancel, arrival, go }));
    const take = async (): Promise<void> => {
      if (this.#isHeld) await wait();
      this.#isHeld = true;
    };
    const turn: Turn = {
      step: async () => {
        // What they wait for comes by the event loop, which a backend that computes without a break never lets run.
        if (this.#aside > 0) await new Promise((go) => setImmediate(go));
        this.#poll();
        cancel.throwIfCancelled();
        if (!this.#waiting.some((other) => rankOf(other) < rank[urgency])) return;
        const resumed = wait();
        this.#giveToNext();
        await resumed;
        cancel.throwIfCancelled();
      },
      aside: async (pending) => {
        this.#aside++;
        this.#giveToNext();
        try {
          return await pending;
        } finally {
          this.#aside--;
          await take();
        }
      },
    };
    await take();
    try {
      cancel.throwIfCancelled();
      return await work(turn);
    } finally {
      this.#giveToNext();
    }
  }

  /** To the most urgent one; among equals to the one that came first. */
  #giveToNext(): void {
    let next: Job | null = null;
    for (const job of this.#waiting) {
      const ahead = next === null ? -1 : rankOf(job) - rankOf(next) || job.arrival - next.arrival;
      if (ahead < 0) next = job;
    }
    this.#isHeld = next !== null;
    if (next === null) return;
    this.#waiting.splice(this.#waiting.indexOf(next), 1);
    next.go();
  }
}
