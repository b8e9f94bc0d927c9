import { byteOfPiece, pieceKind, type AddedToken, type PieceKind } from './pieceKind.ts';
import { damagedJson, unsupportedTokenizer } from './refusal.ts';
import type { TokenizerJson } from './tokenizerJson.ts';

/** Every piece of a tokenizer; ids are exactly 0 .. pieces.length - 1. */
export interface Vocabulary {
  readonly pieces: readonly string[];
  readonly kinds: readonly PieceKind[];
  readonly ids: ReadonlyMap<string, number>;
  readonly added: ReadonlyMap<string, AddedToken>;
  /** Id of `<0xNN>` at index 0xNN. */
  readonly byteIds: readonly number[];
  readonly bos: number;
  readonly eos: number;
}

/** Ids are packed into 20 bits; Gemma has 262,145. */
export const MAX_PIECES = 2 ** 20;

/** In UTF-16 units. Gemma's longest pieces have a few dozen. */
const MAX_PIECE_LENGTH = 256;

const LONE_SURROGATE = /\p{Cs}/u;

/**
 * Joins the vocabulary and the added tokens of a tokenizer.json.
 *
 * Throws GemmaError `model-damaged` (ids with holes, duplicates or contradictions, unusable pieces),
 * `model-unsupported` (a byte piece, `▁`, `<bos>` or `<eos>` is missing).
 */
export function buildVocabulary(json: TokenizerJson): Vocabulary {
  const ids = new Map<string, number>();
  for (const [piece, id] of Object.entries(json.vocab)) ids.set(checkedPiece(piece), checkedId(id));
  const added = new Map<string, AddedToken>();
  for (const token of json.addedTokens) {
    if (added.has(checkedPiece(token.content))) throw damagedJson(`lists "${shown(token.content)}" twice`);
    added.set(token.content, token);
    const id = checkedId(token.id);
    if ((ids.get(token.content) ?? id) !== id) throw damagedJson(`gives "${shown(token.content)}" two ids`);
    ids.set(token.content, id);
  }
  if (ids.size === 0 || ids.size > MAX_PIECES) throw damagedJson(`has ${ids.size} pieces`);
  const pieces = piecesById(ids);
  const byteIds = bytePieces(pieces);
  if (!ids.has('\u2581')) throw unsupportedTokenizer('has no piece for the space');
  const [bos, eos] = ['<bos>', '<eos>'].map((name) => ids.get(name));
  if (bos === undefined || eos === undefined) throw unsupportedTokenizer('has no <bos> or no <eos>');
  return {
    pieces,
    kinds: pieces.map((piece) => pieceKind(piece, added.get(piece))),
    ids,
    added,
    byteIds,
    bos,
    eos,
  };
}

function piecesById(ids: ReadonlyMap<string, number>): string[] {
  const pieces = Array.from({ length: ids.size }, () => '');
  for (const [piece, id] of ids) {
    if (id >= ids.size) throw damagedJson(`has ids with holes (${ids.size} pieces, id ${id})`);
    if (pieces[id] !== '') throw damagedJson(`gives id ${id} to two pieces`);
    pieces[id] = piece;
  }
  // As many different ids below the count as there are pieces: no hole is left.
  return pieces;
}

function bytePieces(pieces: readonly string[]): number[] {
  const byteIds: number[] = Array.from({ length: 256 }, () => -1);
  for (const [id, piece] of pieces.entries()) {
    const byte = byteOfPiece(piece);
    if (byte !== undefined) byteIds[byte] = id;
  }
  if (byteIds.includes(-1))
    throw unsupportedTokenizer('lacks byte pieces, so not every text could be encoded');
  return byteIds;
}

function checkedPiece(piece: string): string {
  if (piece.length === 0 || piece.length > MAX_PIECE_LENGTH || LONE_SURROGATE.test(piece)) {
    throw damagedJson(`has an unusable piece "${shown(piece)}"`);
  }
  return piece;
}

function checkedId(id: unknown): number {
  if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < MAX_PIECES) return id;
  throw damagedJson(`has an id that is no small whole number (${shown(String(id))})`);
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 40)).slice(1, -1);
}
