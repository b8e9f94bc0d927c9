/**
 * Byte-pair-encoding training, small and plain: joins the most frequent neighbours in the words of `texts`
 * until there are `count` pieces, characters included. Ties go to the pair seen first, so it is reproducible.
 *
 * Words are cut as SentencePiece cuts them for Gemma: a space only leads a word, digits stand alone.
 * Returns the joined pieces in the order they were made, and the characters seen.
 */
export function trainPieces(
  texts: readonly string[],
  count: number,
): { joined: string[]; characters: string[] } {
  const pieces: string[] = [];
  const ids = new Map<string, number>();
  const idOf = (piece: string): number => {
    const known = ids.get(piece);
    if (known !== undefined) return known;
    ids.set(piece, pieces.length);
    return pieces.push(piece) - 1;
  };
  const words = [...countWords(texts)].map(([word, times]) => ({ symbols: Array.from(word, idOf), times }));
  const characterCount = pieces.length;
  const pairs = new PairCounts();
  for (const [index, word] of words.entries()) pairs.addWord(index, word.symbols, word.times);
  while (pieces.length < count) {
    const best = pairs.mostFrequent();
    if (best === undefined) break;
    const [left, right] = best;
    const joined = idOf(pieces[left]! + pieces[right]!);
    for (const index of pairs.wordsWith(left, right)) {
      const word = words[index]!;
      pairs.addWord(index, word.symbols, -word.times);
      word.symbols = join(word.symbols, left, right, joined);
      pairs.addWord(index, word.symbols, word.times);
    }
  }
  return { joined: pieces.slice(characterCount), characters: pieces.slice(0, characterCount) };
}

function countWords(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) {
    const words =
      text.replaceAll(' ', '\u2581').match(/\u2581?\p{L}+|\p{N}|\u2581?[^\p{L}\p{N}\u2581\s]+/gu) ?? [];
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

function join(symbols: readonly number[], left: number, right: number, joined: number): number[] {
  const result: number[] = [];
  for (let i = 0; i < symbols.length; i++) {
    const isPair = symbols[i] === left && symbols[i + 1] === right;
    result.push(isPair ? joined : symbols[i]!);
    if (isPair) i++;
  }
  return result;
}

const LEFT = 2 ** 20;

class PairCounts {
  readonly #counts = new Map<number, number>();
  readonly #words = new Map<number, Set<number>>();

  addWord(index: number, symbols: readonly number[], times: number): void {
    for (let i = 0; i + 1 < symbols.length; i++) {
      const pair = symbols[i]! * LEFT + symbols[i + 1]!;
      this.#counts.set(pair, (this.#counts.get(pair) ?? 0) + times);
      const words = this.#words.get(pair);
      if (words === undefined) this.#words.set(pair, new Set([index]));
      else words.add(index);
    }
  }

  mostFrequent(): [left: number, right: number] | undefined {
    let best = -1;
    let most = 0;
    for (const [pair, times] of this.#counts) {
      if (times <= most) continue;
      most = times;
      best = pair;
    }
    return best < 0 ? undefined : [Math.floor(best / LEFT), best % LEFT];
  }

  wordsWith(left: number, right: number): number[] {
    return [...(this.#words.get(left * LEFT + right) ?? [])];
  }
}
