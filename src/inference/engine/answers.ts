/** More than the answers of all open conversations; one has some hundred tokens. */
const MAX_ANSWERS = 256;

/**
 * The tokens of recent answers, by their text. A client shows and keeps text; encoding it again can give other tokens
 * than those that were generated, and all that follows them would have to be computed anew.
 */
export class Answers {
  readonly #tokens = new Map<string, readonly number[]>();

  remember(text: string, tokens: readonly number[]): void {
    this.#tokens.delete(text);
    this.#tokens.set(text, tokens);
    for (const oldest of this.#tokens.keys()) {
      if (this.#tokens.size <= MAX_ANSWERS) return;
      this.#tokens.delete(oldest);
    }
  }

  tokensOf(text: string): readonly number[] | undefined {
    return this.#tokens.get(text);
  }
}
