import { machineMemory } from './machineMemory.ts';

export interface MemoryPressureOptions {
  /** Bytes that the machine can still give; null: unknown. */
  readonly readAvailable: () => Promise<number | null>;
  /** With less than this the machine is short of memory; default: by the machine. */
  readonly floorBytes?: number;
  /** Ends keys and values that nothing uses now. @returns whether there were any */
  readonly trim: () => Promise<boolean>;
  /** Gives a model back that nothing uses now. */
  readonly giveBack: () => Promise<void>;
}

/** Of the machine's memory; other programs begin to be swapped out not far below. */
const FLOOR_SHARE = 0.05;
const LEAST_FLOOR_BYTES = 256 * 1024 * 1024;
const MOST_FLOOR_BYTES = 1024 * 1024 * 1024;

/**
 * Makes room when the machine is short of memory: first by what is soonest computed again, and only if that was not
 * enough until the next look by what must be loaded again.
 */
export class MemoryPressure {
  readonly #options: MemoryPressureOptions;
  readonly #floorBytes: number;
  #hasTrimmed = false;
  #isLooking = false;

  constructor(options: MemoryPressureOptions) {
    this.#options = options;
    this.#floorBytes = options.floorBytes ?? floorOf(machineMemory());
  }

  /** Does one thing at most; to be called every few seconds. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.#look();
    } finally {
      this.#isLooking = false;
    }
  }

  async #look(): Promise<void> {
    const { readAvailable, trim, giveBack } = this.#options;
    const available = await readAvailable();
    if (available === null || available >= this.#floorBytes) this.#hasTrimmed = false;
    else if (!this.#hasTrimmed && (await trim())) this.#hasTrimmed = true;
    else {
      this.#hasTrimmed = false;
      await giveBack();
    }
  }
}

function floorOf(machineBytes: number): number {
  return Math.min(MOST_FLOOR_BYTES, Math.max(LEAST_FLOOR_BYTES, FLOOR_SHARE * machineBytes));
}
