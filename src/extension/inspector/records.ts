import type { CompleteParams, CompleteResult } from '../../protocol/engine.ts';
import { MAX_RECORDS } from '../../protocol/inspector.ts';

/** What the engine answered, for which file and when. */
export interface CompletionRecord extends CompleteResult, Pick<CompleteParams, 'fileName' | 'languageId'> {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** The last completions, newest first, in memory only. */
export class Records {
  #all: readonly CompletionRecord[] = [];

  get all(): readonly CompletionRecord[] {
    return this.#all;
  }

  add(record: CompletionRecord): void {
    this.#all = [record, ...this.#all].slice(0, MAX_RECORDS);
  }
}
