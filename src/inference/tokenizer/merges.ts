import { MAX_MERGES, buildPairTable } from './pairTable.ts';
import { damagedJson } from './refusal.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface Merges {
  /** See pairTable.ts. */
  readonly table: Uint32Array;
  /** Piece made by the merge, by rank. */
  readonly results: Uint32Array;
}

/**
 * Compiles the merges of a tokenizer.json, given as "a b" or as ["a", "b"].
 *
 * Merges that use or make a control or byte piece are left out: with them the text `<bos>` could become the
 * token `<bos>`. No other text is encoded differently for their absence, since every text that reaches such
 * a merge contains the name of the control token.
 *
 * Throws GemmaError `model-damaged`.
 */
export function compileMerges(merges: readonly unknown[], vocabulary: Vocabulary): Merges {
  if (merges.length > MAX_MERGES) throw damagedJson(`has ${merges.length} merges`);
  const isText = vocabulary.kinds.map((kind) => kind === 'text' || kind === 'literal');
  const pairs: number[] = [];
  const results: number[] = [];
  for (const merge of merges) {
    const [leftPiece, rightPiece] = operands(merge);
    const left = vocabulary.ids.get(leftPiece);
    const right = vocabulary.ids.get(rightPiece);
    const result = vocabulary.ids.get(leftPiece + rightPiece);
    if (left === undefined || right === undefined || result === undefined) {
      throw damagedJson('has a merge of pieces that are not in its vocabulary');
    }
    if (!isText[left] || !isText[right] || !isText[result]) continue;
    pairs.push(left, right);
    results.push(result);
  }
  return { table: buildPairTable(pairs), results: Uint32Array.from(results) };
}

function operands(merge: unknown): readonly [string, string] {
  const parts: unknown[] =
    typeof merge === 'string' ? merge.split(' ', 3) : Array.isArray(merge) ? merge : [];
  const [left, right] = parts;
  if (parts.length === 2 && typeof left === 'string' && typeof right === 'string') return [left, right];
  throw damagedJson('has a merge that is no pair of pieces');
}
