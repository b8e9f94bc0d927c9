import type { BackendName, Quantization } from '../../protocol/engine.ts';

/** Tokens that must have stood together before, for what followed them to be guessed. */
const NGRAM = 3;

/** More agreeing tokens make a guess no surer. */
export const LONGEST_MATCH = 17;
/** Guesses by how many tokens agreed before them: the longer, the surer. */
const CONFIDENCE_LENGTHS = [NGRAM, 5, 9, LONGEST_MATCH];
/** Share of right guesses at first, and how much one guess counts. */
const FIRST_SHARE = 0.7;
const LEARNING = 0.1;

/** A guess that gains less than this is not worth the chance to be wrong. */
const LEAST_GAIN = 1.1;

/**
 * What each further row adds to a forward of one, and the longest guess that can pay. Native int4 unpacks the weights
 * anew for every few rows, WebAssembly once for all; int8 and float32 multiply as matrices (measured on a layer of
 * Gemma 2B, and on a model of 6 M parameters for float32). GPUs were not
 * measured and are taken for what gains least. Fixed numbers, not timings: results must not depend on how busy a
 * machine is.
 */
const leastGain = { slope: 0.36, most: 7 };
const costs: Record<BackendName, Record<Quantization, { readonly slope: number; readonly most: number }>> = {
  webgpu: { q4: leastGain, q8: leastGain, f32: leastGain },
  native: { q4: { slope: 0.36, most: 7 }, q8: { slope: 0.1, most: 15 }, f32: { slope: 0.2, most: 15 } },
  wasm: { q4: { slope: 0.05, most: 15 }, q8: { slope: 0.1, most: 15 }, f32: { slope: 0.3, most: 7 } },
};

/**
 * Guesses the next tokens from what followed the same ones earlier in a text (prompt lookup decoding, Saxena 2023):
 * right most of the time where a function is rewritten, a name repeated, a line copied.
 */
export class PromptLookup {
  readonly #tokens: number[] = [];
  /** Where the run of tokens with this hash last ended. */
  readonly #ends = new Map<number, number>();
  readonly #cost: { readonly slope: number; readonly most: number };
  readonly #shares = CONFIDENCE_LENGTHS.map(() => FIRST_SHARE);
  /** Where the next token probably stands in the text, and how many before it agree. */
  #match: { readonly at: number; readonly length: number } | null = null;

  constructor(tokens: Iterable<number>, backend: BackendName, quantization: Quantization) {
    this.#cost = costs[backend][quantization];
    for (const token of tokens) this.#append(token);
    this.#match = this.#find();
  }

  /** Adds the token that came next. */
  push(token: number): void {
    const match = this.#match;
    if (match !== null) {
      const level = levelOf(match.length);
      const isRight = this.#tokens[match.at] === token;
      this.#shares[level]! += LEARNING * ((isRight ? 1 : 0) - this.#shares[level]!);
    }
    this.#append(token);
    this.#match = this.#find();
  }

  /** As many next tokens as are worth computing along, possibly none. */
  guess(): number[] {
    if (this.#match === null) return [];
    const { at, length } = this.#match;
    const share = this.#shares[levelOf(length)]!;
    const { slope, most } = this.#cost;
    let best = LEAST_GAIN;
    let count = 0;
    let expected = 1;
    for (let guesses = 1; guesses <= most; guesses++) {
      expected += share ** guesses;
      const gain = expected / (1 + slope * guesses);
      if (gain > best) [best, count] = [gain, guesses];
    }
    return this.#tokens.slice(at, at + count);
  }

  #append(token: number): void {
    const end = this.#tokens.length;
    // A run is found only once something follows it.
    if (end >= NGRAM) this.#ends.set(hash(this.#tokens, end), end);
    this.#tokens.push(token);
  }

  #find(): { readonly at: number; readonly length: number } | null {
    const tokens = this.#tokens;
    const end = tokens.length;
    if (end < NGRAM) return null;
    const at = this.#ends.get(hash(tokens, end));
    if (at === undefined) return null;
    let length = 0;
    while (length < LONGEST_MATCH && length < at && tokens[at - 1 - length] === tokens[end - 1 - length])
      length++;
    return length < NGRAM ? null : { at, length };
  }
}

function levelOf(length: number): number {
  return CONFIDENCE_LENGTHS.findLastIndex((least) => length >= least);
}

/** Of the last tokens before `end`. */
function hash(tokens: readonly number[], end: number): number {
  let value = 0;
  for (let i = end - NGRAM; i < end; i++) value = Math.imul(value ^ tokens[i]!, 0x9e3779b1) ^ (value >>> 15);
  return value;
}
