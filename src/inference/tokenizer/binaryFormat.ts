import { crc32 } from 'node:zlib';
import { damagedBinary } from './refusal.ts';

/*
 * tokenizer.bin, little-endian, every section 4-byte aligned, in this order:
 *
 *   header        16 words, see below
 *   pieceOffsets  pieces + 1 words: bounds of each piece in pieceBytes
 *   mergeTable    2 * mergeSlots words, see pairTable.ts
 *   mergeResults  merges words: id made by the merge of that rank
 *   characters    2 * characters words: code point, id; ascending
 *   byteIds       256 words: id of <0xNN>
 *   addedIds      added words, ascending: control and literal tokens
 *   addedKinds    added words, see AddedKind
 *   addedOffsets  added + 1 words: bounds of each name in addedBytes
 *   controlFlags  pieces bytes: 1 for control tokens
 *   pieceBytes    the UTF-8 text that each piece stands for: `▁` is a space already, control tokens are empty
 *   addedBytes    names of the added tokens as the tokenizer.json has them
 */

const MAGIC = 0x4b54_4d47; // "GMTK"
const VERSION = 1;
const HEADER_WORDS = 16;
const CHECKSUM_WORD = 2;

/** The checksum covers everything behind itself. */
const CHECKED_FROM = 4 * (CHECKSUM_WORD + 1);

export const AddedKind = { control: 0, literal: 1, normalizedLiteral: 2 } as const;

export const Flag = {
  /** No piece joins a newline with another character, so lines can be encoded one by one. */
  lineSafe: 1,
} as const;

/** Counts are in elements of the section. */
export interface TokenizerCounts {
  readonly pieces: number;
  readonly pieceBytes: number;
  readonly merges: number;
  readonly mergeSlots: number;
  readonly characters: number;
  readonly added: number;
  readonly addedBytes: number;
}

export interface TokenizerSections {
  readonly bos: number;
  readonly eos: number;
  readonly flags: number;
  readonly pieceOffsets: Uint32Array;
  readonly mergeTable: Uint32Array;
  readonly mergeResults: Uint32Array;
  readonly characters: Uint32Array;
  readonly byteIds: Uint32Array;
  readonly addedIds: Uint32Array;
  readonly addedKinds: Uint32Array;
  readonly addedOffsets: Uint32Array;
  readonly controlFlags: Uint8Array;
  readonly pieceBytes: Uint8Array;
  readonly addedBytes: Uint8Array;
}

/** Writes the sections and seals them with the checksum. */
export function writeTokenizerBinary(sections: TokenizerSections): Uint8Array {
  const counts: TokenizerCounts = {
    pieces: sections.controlFlags.length,
    pieceBytes: sections.pieceBytes.length,
    merges: sections.mergeResults.length,
    mergeSlots: sections.mergeTable.length / 2,
    characters: sections.characters.length / 2,
    added: sections.addedIds.length,
    addedBytes: sections.addedBytes.length,
  };
  const buffer = new ArrayBuffer(byteLength(counts));
  const header = new Uint32Array(buffer, 0, HEADER_WORDS);
  const { pieces, pieceBytes, merges, mergeSlots, characters, added, addedBytes } = counts;
  const { bos, eos, flags } = sections;
  header.set([MAGIC, VERSION, 0, buffer.byteLength, pieces, pieceBytes, merges, mergeSlots]);
  header.set([characters, added, addedBytes, bos, eos, flags], 8);
  const target = viewSections(buffer, 0, counts);
  target.pieceOffsets.set(sections.pieceOffsets);
  target.mergeTable.set(sections.mergeTable);
  target.mergeResults.set(sections.mergeResults);
  target.characters.set(sections.characters);
  target.byteIds.set(sections.byteIds);
  target.addedIds.set(sections.addedIds);
  target.addedKinds.set(sections.addedKinds);
  target.addedOffsets.set(sections.addedOffsets);
  target.controlFlags.set(sections.controlFlags);
  target.pieceBytes.set(sections.pieceBytes);
  target.addedBytes.set(sections.addedBytes);
  header[CHECKSUM_WORD] = crc32(new Uint8Array(buffer, CHECKED_FROM));
  return new Uint8Array(buffer);
}

/**
 * Views on a tokenizer.bin; nothing is copied unless the bytes start at an odd address.
 * Throws GemmaError `model-damaged`: not such a file, other version, truncated, changed.
 */
export function openTokenizerBinary(binary: Uint8Array): TokenizerSections {
  const bytes = binary.byteOffset % 4 === 0 ? binary : binary.slice();
  if (bytes.byteLength < 4 * HEADER_WORDS) throw damagedBinary('truncated');
  const header = new Uint32Array(bytes.buffer, bytes.byteOffset, HEADER_WORDS);
  const word = (index: number): number => header[index]!;
  if (word(0) !== MAGIC) throw damagedBinary('of another format');
  if (word(1) !== VERSION) throw damagedBinary('of another version');
  const counts: TokenizerCounts = {
    pieces: word(4),
    pieceBytes: word(5),
    merges: word(6),
    mergeSlots: word(7),
    characters: word(8),
    added: word(9),
    addedBytes: word(10),
  };
  if (word(3) !== bytes.byteLength || byteLength(counts) !== bytes.byteLength)
    throw damagedBinary('truncated');
  if (crc32(bytes.subarray(CHECKED_FROM)) !== word(CHECKSUM_WORD)) throw damagedBinary('damaged');
  const views = viewSections(bytes.buffer, bytes.byteOffset, counts);
  return { bos: word(11), eos: word(12), flags: word(13), ...views };
}

type Views = Omit<TokenizerSections, 'bos' | 'eos' | 'flags'>;

function viewSections(buffer: ArrayBufferLike, start: number, counts: TokenizerCounts): Views {
  let offset = start + 4 * HEADER_WORDS;
  const words = (count: number): Uint32Array => {
    const view = new Uint32Array(buffer, offset, count);
    offset += view.byteLength;
    return view;
  };
  const bytes = (count: number): Uint8Array => {
    const view = new Uint8Array(buffer, offset, count);
    offset += aligned(count);
    return view;
  };
  // Object properties are evaluated in order: this is the order in the file.
  return {
    pieceOffsets: words(counts.pieces + 1),
    mergeTable: words(2 * counts.mergeSlots),
    mergeResults: words(counts.merges),
    characters: words(2 * counts.characters),
    byteIds: words(256),
    addedIds: words(counts.added),
    addedKinds: words(counts.added),
    addedOffsets: words(counts.added + 1),
    controlFlags: bytes(counts.pieces),
    pieceBytes: bytes(counts.pieceBytes),
    addedBytes: bytes(counts.addedBytes),
  };
}

function byteLength(counts: TokenizerCounts): number {
  const { pieces, mergeSlots, merges, characters, added } = counts;
  const words = HEADER_WORDS + pieces + 1 + 2 * mergeSlots + merges + 2 * characters + 256 + 3 * added + 1;
  return 4 * words + aligned(pieces) + aligned(counts.pieceBytes) + aligned(counts.addedBytes);
}

function aligned(length: number): number {
  return Math.ceil(length / 4) * 4;
}
