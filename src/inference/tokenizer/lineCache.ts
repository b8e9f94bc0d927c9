/** Characters that one generation may hold. A large source file has about 200,000. */
const GENERATION_CHARACTERS = 2 ** 20;

/** Longer lines would push out everything else. */
const MAX_LINE_CHARACTERS = 2 ** 14;

/**
 * Ids of lines encoded lately. Two generations approximate least-recently-used without bookkeeping on a hit:
 * what is used moves to the young generation, and when that is full the old one is dropped whole.
 */
export class LineCache {
  #young = new Map<string, readonly number[]>();
  #old = new Map<string, readonly number[]>();
  #youngCharacters = 0;

  get(line: string): readonly number[] | undefined {
    const young = this.#young.get(line);
    if (young !== undefined) return young;
    const old = this.#old.get(line);
    if (old !== undefined) this.set(line, old);
    return old;
  }

  set(line: string, ids: readonly number[]): void {
    if (line.length > MAX_LINE_CHARACTERS) return;
    if (this.#youngCharacters + line.length > GENERATION_CHARACTERS) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngCharacters = 0;
    }
    this.#youngCharacters += line.length;
    this.#young.set(ownCopy(line), ids);
  }
}

/** V8 keeps a whole document alive for the sake of one slice of it; a key must not be such a slice. */
function ownCopy(line: string): string {
  return Buffer.from(line, 'utf8').toString('utf8');
}
