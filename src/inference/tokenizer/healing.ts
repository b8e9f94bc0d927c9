import type { Tokenizer } from './tokenizer.ts';

/**
 * The pieces of a vocabulary in byte order, for token healing: the text before the cursor is cut back to a
 * token border, and generation must first reproduce what was cut off. Control and empty pieces are left out.
 */
export class PieceIndex {
  readonly #bytes: (id: number) => Uint8Array;
  /** Ids in the byte order of their pieces. */
  readonly #sorted: Int32Array;

  constructor(tokenizer: Pick<Tokenizer, 'size' | 'bytes'>) {
    this.#bytes = (id) => tokenizer.bytes(id);
    this.#sorted = sortedPieces(tokenizer);
  }

  /**
   * Ids that can come next when the text still to be produced starts with the UTF-8 bytes `need`: the piece
   * starts with `need`, or `need` starts with the piece. In byte order; all ids when `need` is empty.
   */
  compatible(need: Uint8Array): Int32Array {
    const shorter: number[] = [];
    for (let length = 1; length < need.length; length++) {
      const prefix = need.subarray(0, length);
      const first = this.#firstNotBelow(prefix, 0);
      if (first === this.#sorted.length) break;
      for (let at = first; at < this.#sorted.length && this.#isAt(at, prefix); at++)
        shorter.push(this.#sorted[at]!);
    }
    const longer = this.#sorted.subarray(this.#firstNotBelow(need, 0), this.#firstNotBelow(need, 1));
    const ids = new Int32Array(shorter.length + longer.length);
    ids.set(shorter);
    ids.set(longer, shorter.length);
    return ids;
  }

  #isAt(at: number, piece: Uint8Array): boolean {
    return Buffer.compare(this.#bytes(this.#sorted[at]!), piece) === 0;
  }

  /**
   * First place whose piece is not below `bytes` (`past` 0), or not below everything that starts with `bytes`
   * (`past` 1).
   */
  #firstNotBelow(bytes: Uint8Array, past: 0 | 1): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const piece = this.#bytes(this.#sorted[middle]!);
      const start = past === 1 ? piece.subarray(0, bytes.length) : piece;
      if (Buffer.compare(start, bytes) < past) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function sortedPieces(tokenizer: Pick<Tokenizer, 'size' | 'bytes'>): Int32Array {
  const ids: number[] = [];
  for (let id = 0; id < tokenizer.size; id++) if (tokenizer.bytes(id).length > 0) ids.push(id);
  // Sorting 64-bit keys natively, head above id, is three times faster than comparing pieces in a callback.
  const keys = new BigUint64Array(ids.length);
  const words = new Uint32Array(keys.buffer);
  for (const [i, id] of ids.entries()) {
    words[2 * i] = id;
    words[2 * i + 1] = head(tokenizer.bytes(id));
  }
  keys.sort();
  const sorted = Int32Array.from(ids, (_, i) => words[2 * i]!);
  for (let start = 0, end = 0; start < sorted.length; start = end) {
    while (end < sorted.length && words[2 * end + 1] === words[2 * start + 1]) end++;
    if (end - start === 1) continue;
    sorted
      .subarray(start, end)
      .sort((a, b) => Buffer.compare(tokenizer.bytes(a), tokenizer.bytes(b)) || a - b);
  }
  return sorted;
}

/** The first four bytes as a number that sorts like them. */
function head(piece: Uint8Array): number {
  return ((piece[0]! << 24) | ((piece[1] ?? 0) << 16) | ((piece[2] ?? 0) << 8) | (piece[3] ?? 0)) >>> 0;
}
