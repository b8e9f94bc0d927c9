/** Before anything is known: more than Gemma's tokenizers need for code or prose of any script in UTF-8. */
const FIRST_RATIO = 0.5;
/** Beyond these an answer's figures are wrong. A tokenizer with bytes needs one token a byte at most. */
const MIN_RATIO = 0.15;
const MAX_RATIO = 1;
/** A shorter prompt consists mostly of what the template adds. */
const MIN_BYTES = 300;
const REMEMBERED = 8;
/** Texts differ from those that were measured. */
const CAUTION = 1.1;

/** How many tokens texts have where nobody counts them: rather too many than too few. Learns from what answers tell. */
export class TokenEstimate {
  readonly #ratios: number[] = [];

  /** A prompt of this text had that many tokens. */
  learn(text: string, tokens: number): void {
    const bytes = Buffer.byteLength(text);
    if (bytes < MIN_BYTES || tokens <= 0) return;
    this.#ratios.push(Math.min(MAX_RATIO, Math.max(MIN_RATIO, tokens / bytes)));
    if (this.#ratios.length > REMEMBERED) this.#ratios.shift();
  }

  of(text: string): number {
    const ratio =
      this.#ratios.length === 0 ? FIRST_RATIO : Math.min(MAX_RATIO, CAUTION * Math.max(...this.#ratios));
    return Math.ceil(Buffer.byteLength(text) * ratio);
  }
}
