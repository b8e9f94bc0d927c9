import type { Sampling } from '../../protocol/engine.ts';
import { greedy } from './logits.ts';

/** Draws tokens by their probability; the same seed draws the same ones. */
export class Sampler {
  readonly #sampling: Sampling;
  readonly #isAllowed: (token: number) => boolean;
  readonly #tokens: Int32Array;
  readonly #weights: Float64Array;
  #state: number;

  /** @param isAllowed tokens for which it says no are never drawn */
  constructor(sampling: Sampling, isAllowed: (token: number) => boolean) {
    this.#sampling = sampling;
    this.#isAllowed = isAllowed;
    this.#tokens = new Int32Array(sampling.topK);
    this.#weights = new Float64Array(sampling.topK);
    this.#state = sampling.seed >>> 0;
  }

  /** @param row logits, [vocabSize] */
  draw(row: Float32Array): number {
    const { temperature, topP } = this.#sampling;
    const count = this.#best(row, temperature === 0 ? 1 : this.#sampling.topK);
    if (count === 0) return greedy(row, null).token;
    const tokens = this.#tokens;
    const weights = this.#weights;
    const top = weights[0]!;
    let total = 0;
    for (let i = 0; i < count; i++)
      total += weights[i] = temperature === 0 ? 1 : Math.exp((weights[i]! - top) / temperature);
    let kept = 0;
    let sum = 0;
    while (kept < count && (kept === 0 || sum < topP * total)) sum += weights[kept++]!;
    let rest = this.#random() * sum;
    for (let i = 0; i < kept - 1; i++) {
      rest -= weights[i]!;
      if (rest < 0) return tokens[i]!;
    }
    return tokens[kept - 1]!;
  }

  /** Puts the `limit` likeliest allowed tokens and their logits in front, likeliest first. @returns how many there are */
  #best(row: Float32Array, limit: number): number {
    const tokens = this.#tokens;
    const logits = this.#weights;
    let count = 0;
    for (let token = 0; token < row.length; token++) {
      const logit = row[token]!;
      if ((count === limit && !(logit > logits[count - 1]!)) || !this.#isAllowed(token)) continue;
      let place = count < limit ? count++ : limit - 1;
      for (; place > 0 && logits[place - 1]! < logit; place--) {
        logits[place] = logits[place - 1]!;
        tokens[place] = tokens[place - 1]!;
      }
      logits[place] = logit;
      tokens[place] = token;
    }
    return count;
  }

  /** Uniform in [0, 1): mulberry32 (Tommy Ettinger, public domain). */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  }
}
