import type { Quantization } from '../../protocol/engine.ts';

/** Tokens that must have stood together before, for what followed them to be guessed. */
const NGRAM = 3;

/** Guesses by how many tokens agreed before them: the longer, the surer. */
const CONFIDENCE_LENGTHS = [NGRAM, 5, 9, 17];
/** Share of right guesses at first, and how much one guess counts. */
const FIRST_SHARE = 0.7;
const LEARNING = 0.1;

/**
 * What a forward of n rows costs in forwards of one: 1 + slope · (n − 1). Measured on a layer of Gemma 2B: int4 rows are
 * unpacked anew for each few rows, the others are multiplied as matrices; and the longest guess that can pay.
 */
const costs: Record<Quantization, { readonly slope: number; readonly most: number }> = {
  q4: { slope: 0.36, most: 7 },
  q8: { slope: 0.1, most: 15 },
  f32: { slope: 0.1, most: 15 },
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

  constructor(tokens: Iterable<number>, quantization: Quantization) {
    this.#cost = costs[quantization];
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
    let best = 1;
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
    const most = CONFIDENCE_LENGTHS.at(-1)!;
    while (length < most && length < at && tokens[at - 1 - length] === tokens[end - 1 - length]) length++;
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
