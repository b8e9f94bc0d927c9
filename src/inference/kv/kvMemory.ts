import type { KvStatistics } from '../../protocol/engine.ts';
import { GemmaError } from '../../protocol/errors.ts';
import type { KvBuffer, LoadedModel } from '../backends/backend.ts';
import { kvBytes } from '../model/graphInterface.ts';
import { Budget } from './budget.ts';
import type { Sequence } from './sequence.ts';

/** A few places in each of a few recently edited files, and some chats; older ones are cheaper to prefill again. */
const MAX_SEQUENCES = 32;

/** The one budget for the keys and values of all sequences of all models. */
export class KvMemory {
  readonly live: Budget<Sequence>;
  readonly #counters = {
    prompts: 0,
    hits: 0,
    reusedTokens: 0,
    prefilledTokens: 0,
    snapshotReads: 0,
    snapshotWrites: 0,
  };

  constructor(budgetBytes: number) {
    this.live = new Budget({ bytes: budgetBytes, items: MAX_SEQUENCES });
  }

  get budgetBytes(): number {
    return this.live.limits.bytes;
  }

  /** Sets the budget, ending the least recently used sequences that it has no room for. */
  resize(budgetBytes: number): void {
    this.live.resize(budgetBytes);
  }

  get statistics(): KvStatistics {
    const { live } = this;
    return {
      budgetBytes: this.budgetBytes,
      bytes: live.bytes,
      pinnedBytes: [...live.pinned].reduce((sum, sequence) => sum + sequence.bytes, 0),
      sequences: live.size,
      evictions: live.evictions,
      ...this.#counters,
    };
  }

  /**
   * A buffer within the budget, ending the least recently used sequences for it. A budget below one sequence still
   * gets one; without any nothing could run.
   *
   * @param keep is not ended
   * @throws GemmaError `out-of-memory` when the machine has no room even without the other sequences
   */
  readonly allocate = (model: LoadedModel, positions: number, keep: Sequence | null): KvBuffer => {
    this.live.makeRoom(kvBytes(model.manifest.architecture, positions), keep ?? undefined);
    for (;;) {
      try {
        return model.createKvBuffer(positions);
      } catch (error) {
        const exhausted = error instanceof GemmaError && error.code === 'out-of-memory';
        if (!exhausted || !this.live.evict(keep ?? undefined)) throw error;
      }
    }
  };

  countPrompt(reused: number, missing: number): void {
    this.#counters.prompts++;
    if (reused > 0) this.#counters.hits++;
    this.#counters.reusedTokens += reused;
    this.#counters.prefilledTokens += missing;
  }

  countSnapshot(what: 'snapshotReads' | 'snapshotWrites'): void {
    this.#counters[what]++;
  }
}
