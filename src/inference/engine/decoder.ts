import type { Sequence } from '../kv/sequence.ts';
import type { Turn } from '../kv/turn.ts';
import type { PromptLookup } from './promptLookup.ts';

/**
 * Appends the tokens of an answer one by one. Guessed ones are computed along with each, in one forward that takes
 * hardly longer; as far as they turn out right, their logits are there already.
 */
export class Decoder {
  readonly #sequence: Sequence;
  readonly #lookup: PromptLookup | null;
  readonly #vocabSize: number;
  /** Tokens of the sequence that are part of the answer; guesses follow them. */
  #length: number;
  #guessed: readonly number[] = [];
  /** Logits after the last token that was run and after each guess, [1 + guessed.length, vocabSize]. */
  #rows: Float32Array = new Float32Array(0);
  #right = 0;
  #forwards = 0;

  constructor(sequence: Sequence, vocabSize: number, lookup: PromptLookup | null) {
    this.#sequence = sequence;
    this.#vocabSize = vocabSize;
    this.#lookup = lookup;
    this.#length = sequence.length;
  }

  get forwards(): number {
    return this.#forwards;
  }

  /** @returns logits after `token`, [vocabSize]; valid until the next call @throws GemmaError `cancelled` */
  async next(token: number, turn: Turn): Promise<Float32Array> {
    this.#lookup?.push(token);
    if (this.#guessed[this.#right] === token) this.#right++;
    else await this.#run(token, turn);
    this.#length++;
    return this.#rows.subarray(this.#right * this.#vocabSize, (this.#right + 1) * this.#vocabSize);
  }

  /** Leaves the sequence with the tokens of the answer alone. */
  settle(): void {
    this.#sequence.rewind(this.#length);
    this.#guessed = [];
  }

  async #run(token: number, turn: Turn): Promise<void> {
    this.settle();
    const room = this.#sequence.capacity - this.#length - 1;
    const guessed = this.#lookup?.guess().slice(0, room) ?? [];
    this.#rows = await this.#sequence.append([token, ...guessed], 1 + guessed.length, turn);
    this.#guessed = guessed;
    this.#right = 0;
    this.#forwards++;
  }
}
