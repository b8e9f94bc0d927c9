/** One entry of a tokenizer.json's `added_tokens`, as far as it matters here. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  /** True when the token is looked for after spaces became `▁`, false when in the text as it is. */
  readonly normalized: boolean;
}

/**
 * - `text`: an ordinary BPE piece
 * - `byte`: `<0xNN>`, stands for one byte of a character that has no piece
 * - `literal`: an added token that is plain text (newline run, HTML tag) and is cut out before BPE runs
 * - `control`: steers the model; no text may ever become it
 */
export type PieceKind = 'text' | 'byte' | 'literal' | 'control';

const BYTE_PIECE = /^<0x([0-9A-F]{2})>$/;

const WHITESPACE_RUN = /^[\n\r\t \u2581]+$/;

/** The tags that Gemma's vocabularies hold as pieces of their own. */
const HTML_TAG =
  /^<\/?(?:table|caption|thead|tbody|tfoot|tr|th|td|h[1-6]|blockquote|strong|em|b|i|u|s|sub|sup|code)>$/;

/** Control by name alone, for files that list them in the vocabulary but not among the added tokens. */
const CONTROL_NAME = /^<(?:pad|eos|bos|unk|mask|unused\d+|start_of_turn|end_of_turn)>$/;

/** The byte that the piece `<0xNN>` stands for; undefined for every other piece. */
export function byteOfPiece(piece: string): number | undefined {
  const digits = BYTE_PIECE.exec(piece)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

/**
 * Kind of a piece. The flag `special` can't decide alone: files list `<unused60>`, which is
 * `<|fim_prefix|>` in CodeGemma, as not special. So an added token counts as text only when its content is
 * known to be text, and everything unknown is control: the worst outcome is a less compact encoding.
 */
export function pieceKind(piece: string, added: AddedToken | undefined): PieceKind {
  if (byteOfPiece(piece) !== undefined) return 'byte';
  if (CONTROL_NAME.test(piece)) return 'control';
  if (added === undefined) return 'text';
  const isText = !added.special && (WHITESPACE_RUN.test(piece) || HTML_TAG.test(piece));
  return isText ? 'literal' : 'control';
}
