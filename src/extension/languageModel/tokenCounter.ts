import type { OfferedModel } from './offeredModel.ts';

/** Of one request; the protocol allows several times as much. */
const MAX_TEXTS = 500;
const MAX_CHARS = 200_000;

interface Asked {
  readonly text: string;
  readonly resolve: (count: number) => void;
  readonly reject: (error: unknown) => void;
}

/** Asks the engine once for all texts that come at about the same time: prompts are fitted by hundreds of counts. */
export class TokenCounter {
  readonly #engine: Pick<OfferedModel, 'countTokens'>;
  #asked: Asked[] = [];

  constructor(engine: Pick<OfferedModel, 'countTokens'>) {
    this.#engine = engine;
  }

  /** @throws GemmaError as OfferedModel.countTokens */
  count(text: string): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#asked.length === 0) setImmediate(() => this.#flush());
      this.#asked.push({ text, resolve, reject });
    });
  }

  #flush(): void {
    const asked = this.#asked;
    this.#asked = [];
    let batch: Asked[] = [];
    let chars = 0;
    for (const one of asked) {
      const isFull = batch.length === MAX_TEXTS || chars + one.text.length > MAX_CHARS;
      if (isFull && batch.length > 0) {
        void this.#ask(batch);
        batch = [];
        chars = 0;
      }
      batch.push(one);
      chars += one.text.length;
    }
    void this.#ask(batch);
  }

  async #ask(batch: readonly Asked[]): Promise<void> {
    try {
      const counts = await this.#engine.countTokens(batch.map(({ text }) => text));
      for (const [index, { resolve }] of batch.entries()) resolve(counts[index] ?? 0);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
