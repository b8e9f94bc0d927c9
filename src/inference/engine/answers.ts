/** More than the answers of all open conversations; one has some hundred tokens. */
const MAX_ANSWERS = 256;

/** An answer as it was generated. */
export interface GeneratedAnswer {
  readonly text: string;
  readonly tokens: readonly number[];
  /** Characters of `text` that were told after each token, in UTF-16 units. */
  readonly ends: readonly number[];
}

/**
 * The tokens of recent answers, by their text. A client shows and keeps text; encoding it again can give other tokens
 * than those that were generated, and all that follows them would have to be computed anew.
 */
export class Answers {
  readonly #answers = new Map<string, GeneratedAnswer>();

  remember(answer: GeneratedAnswer): void {
    this.#answers.delete(answer.text);
    this.#answers.set(answer.text, answer);
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= MAX_ANSWERS) return;
      this.#answers.delete(oldest);
    }
  }

  /** Also of the beginning of an answer: whoever stops one has not heard its last words. */
  tokensOf(text: string): readonly number[] | undefined {
    const whole = this.#answers.get(text);
    if (whole !== undefined || text === '') return whole?.tokens;
    for (const answer of this.#answers.values()) {
      if (!answer.text.startsWith(text)) continue;
      const last = answer.ends.indexOf(text.length);
      if (last >= 0) return answer.tokens.slice(0, last + 1);
    }
    return undefined;
  }
}
