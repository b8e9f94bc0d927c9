import { MinHeap } from './minHeap.ts';
import { pairRank } from './pairTable.ts';

export interface BpeTables {
  readonly mergeTable: Uint32Array;
  readonly mergeResults: Uint32Array;
  /** Code points with a piece of their own: (code point, id) pairs, ascending. */
  readonly characters: Uint32Array;
  readonly byteIds: Uint32Array;
}

const SPACE = 0x20;
const SPACE_PIECE = 0x2581;
const REPLACEMENT = 0xfffd;

/** Queue keys are rank * 2^30 + position: ranks stay below 2^22, so both fit a double exactly. */
const POSITIONS = 2 ** 30;

/** Symbols for which storage is kept between calls. */
const KEPT_SYMBOLS = 1 << 14;

const utf8 = new TextEncoder();

/**
 * Byte-pair encoding by merge rank, leftmost first among equals, in O(n log n): symbols form a linked list
 * and a queue holds the merges that are possible now. Not reentrant, its storage is reused.
 */
export class Bpe {
  readonly #tables: BpeTables;
  readonly #characterIds: Map<number, number>;
  readonly #queue = new MinHeap();
  /** A piece id, or -1 - code point for a character without a piece. */
  #symbols = new Int32Array(KEPT_SYMBOLS);
  #next = new Int32Array(KEPT_SYMBOLS);
  #previous = new Int32Array(KEPT_SYMBOLS);
  /** Rank of the merge of symbol i with the one behind it, -1 when there is none or i is gone. */
  #ranks = new Int32Array(KEPT_SYMBOLS);

  constructor(tables: BpeTables) {
    this.#tables = tables;
    const { characters } = tables;
    this.#characterIds = new Map();
    for (let i = 0; i < characters.length; i += 2) this.#characterIds.set(characters[i]!, characters[i + 1]!);
    const space = this.#characterIds.get(SPACE_PIECE);
    if (space !== undefined) this.#characterIds.set(SPACE, space);
  }

  /** Appends the ids of `text` to `out`. A space and `▁` are the same; a lone surrogate counts as U+FFFD. */
  encode(text: string, out: number[]): void {
    this.#reserve(text.length);
    const count = this.#readSymbols(text);
    for (let i = 0; i < count; i++) {
      this.#previous[i] = i - 1;
      this.#next[i] = i + 1 < count ? i + 1 : -1;
    }
    for (let i = 0; i < count; i++) this.#offer(i);
    while (this.#queue.size > 0) {
      const key = this.#queue.pop();
      const at = key % POSITIONS;
      const rank = (key - at) / POSITIONS;
      // An outdated entry: one of the two has been merged with another neighbour since.
      if (this.#ranks[at] === rank) this.#merge(at, rank);
    }
    for (let i = count > 0 ? 0 : -1; i >= 0; i = this.#next[i]!) this.#emit(this.#symbols[i]!, out);
  }

  #readSymbols(text: string): number {
    let count = 0;
    for (let i = 0; i < text.length; i++) {
      let codePoint = text.codePointAt(i)!;
      if (codePoint > 0xffff) i++;
      else if (codePoint >= 0xd800 && codePoint <= 0xdfff) codePoint = REPLACEMENT;
      this.#symbols[count++] = this.#characterIds.get(codePoint) ?? -1 - codePoint;
    }
    return count;
  }

  /** Queues the merge of symbol `at` with the one behind it, if there is such a merge. */
  #offer(at: number): void {
    const next = this.#next[at]!;
    const left = this.#symbols[at]!;
    const right = next < 0 ? -1 : this.#symbols[next]!;
    const rank = left < 0 || right < 0 ? -1 : pairRank(this.#tables.mergeTable, left, right);
    this.#ranks[at] = rank;
    if (rank >= 0) this.#queue.push(rank * POSITIONS + at);
  }

  #merge(at: number, rank: number): void {
    const gone = this.#next[at]!;
    const after = this.#next[gone]!;
    this.#symbols[at] = this.#tables.mergeResults[rank]!;
    this.#ranks[gone] = -1;
    this.#next[at] = after;
    if (after >= 0) this.#previous[after] = at;
    this.#offer(at);
    const before = this.#previous[at]!;
    if (before >= 0) this.#offer(before);
  }

  #emit(symbol: number, out: number[]): void {
    if (symbol >= 0) {
      out.push(symbol);
      return;
    }
    for (const byte of utf8.encode(String.fromCodePoint(-1 - symbol))) out.push(this.#tables.byteIds[byte]!);
  }

  #reserve(count: number): void {
    const kept = this.#symbols.length;
    if (count <= kept && kept === KEPT_SYMBOLS) return;
    const capacity = Math.max(count, KEPT_SYMBOLS);
    this.#symbols = new Int32Array(capacity);
    this.#next = new Int32Array(capacity);
    this.#previous = new Int32Array(capacity);
    this.#ranks = new Int32Array(capacity);
    this.#queue.trim(3 * KEPT_SYMBOLS);
  }
}
