import { GemmaError } from '../../protocol/errors.ts';
import type { Turn } from '../kv/turn.ts';

/**
 * One cell of shared memory that says "stop". `session.run` blocks its thread, so a message could not be heard there;
 * the flag is read between prefill chunks and decode steps instead.
 */
export class CancelFlag implements Turn {
  /** 4 bytes, shared by the thread that cancels and the one that computes. */
  readonly buffer: SharedArrayBuffer;
  readonly #cell: Int32Array;

  constructor(buffer = new SharedArrayBuffer(4)) {
    this.buffer = buffer;
    this.#cell = new Int32Array(buffer);
  }

  get cancelled(): boolean {
    return Atomics.load(this.#cell, 0) !== 0;
  }

  cancel(): void {
    Atomics.store(this.#cell, 0, 1);
  }

  /** As a turn: nothing else waits. */
  async step(): Promise<void> {
    this.throwIfCancelled();
  }

  aside<T>(pending: Promise<T>): Promise<T> {
    return pending;
  }

  /** @throws GemmaError `cancelled` */
  throwIfCancelled(): void {
    if (this.cancelled) throw new GemmaError('cancelled', 'The request was cancelled.');
  }
}
