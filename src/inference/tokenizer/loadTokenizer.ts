import { AddedKind, Flag, openTokenizerBinary, type TokenizerSections } from './binaryFormat.ts';
import { Bpe } from './bpe.ts';
import { LineCache } from './lineCache.ts';
import { LiteralMatcher } from './literalMatcher.ts';
import { isPairTable } from './pairTable.ts';
import { damagedBinary } from './refusal.ts';
import type { StreamDecoder, Tokenizer } from './tokenizer.ts';
import { Utf8StreamDecoder } from './utf8StreamDecoder.ts';

const NO_BYTES = new Uint8Array();

const NEWLINES_OR_LINE = /\n+|[^\n]+/g;

/**
 * The tokenizer in a tokenizer.bin made by `compileTokenizer`. Keeps views on `binary`: don't change it.
 * Throws GemmaError `model-damaged`.
 */
export function loadTokenizer(binary: Uint8Array): Tokenizer {
  const sections = openTokenizerBinary(binary);
  checkTables(sections);
  return new CompiledTokenizer(sections);
}

/**
 * Encodes as Gemma's tokenizer.json says, except that the name of a control token in the text stays text.
 *
 * Decoding gives back every well-formed text without `▁` (U+2581). That character is what Gemma's rules turn
 * a space into, so it comes back as a space, in every implementation of these rules.
 */
class CompiledTokenizer implements Tokenizer {
  readonly size: number;
  readonly bos: number;
  readonly eos: number;
  readonly #sections: TokenizerSections;
  readonly #controls = new Map<string, number>();
  /** Looked for in the text as it is. */
  readonly #literals: LiteralMatcher;
  /** Looked for after spaces became `▁`. */
  readonly #normalizedLiterals: LiteralMatcher;
  readonly #bpe: Bpe;
  readonly #cache = new LineCache();
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(sections: TokenizerSections) {
    this.size = sections.controlFlags.length;
    this.bos = sections.bos;
    this.eos = sections.eos;
    this.#sections = sections;
    const literals: [string, number][] = [];
    const normalizedLiterals: [string, number][] = [];
    for (const { name, id, kind } of addedTokens(sections)) {
      if (kind === AddedKind.control) this.#controls.set(name, id);
      else if (kind === AddedKind.literal) literals.push([name, id]);
      else normalizedLiterals.push([normalize(name), id]);
    }
    this.#literals = new LiteralMatcher(literals);
    this.#normalizedLiterals = new LiteralMatcher(normalizedLiterals);
    this.#bpe = new Bpe(sections);
  }

  control(name: string): number | undefined {
    return this.#controls.get(name);
  }

  /** Ids behind the vocabulary count as control: a model's embedding may have rows that no text uses. */
  isControl(id: number): boolean {
    return this.#sections.controlFlags[id] !== 0;
  }

  encode(text: string): number[] {
    const ids: number[] = [];
    if ((this.#sections.flags & Flag.lineSafe) === 0) {
      this.#encodePart(text, ids);
      return ids;
    }
    for (const [line] of text.matchAll(NEWLINES_OR_LINE)) {
      for (const id of this.#encodeLine(line)) ids.push(id);
    }
    return ids;
  }

  bytes(id: number): Uint8Array {
    if (this.isControl(id)) return NO_BYTES;
    const { pieceOffsets, pieceBytes } = this.#sections;
    return pieceBytes.subarray(pieceOffsets[id], pieceOffsets[id + 1]);
  }

  decode(ids: readonly number[]): string {
    const parts = ids.map((id) => this.bytes(id));
    return this.#decoder.decode(Buffer.concat(parts));
  }

  stream(): StreamDecoder {
    return new Utf8StreamDecoder((id) => this.bytes(id));
  }

  #encodeLine(line: string): readonly number[] {
    const cached = this.#cache.get(line);
    if (cached !== undefined) return cached;
    const ids: number[] = [];
    this.#encodePart(line, ids);
    this.#cache.set(line, ids);
    return ids;
  }

  #encodePart(text: string, ids: number[]): void {
    const splitNormalized = (part: string): void => {
      if (this.#normalizedLiterals.isEmpty) this.#bpe.encode(part, ids);
      else
        splitAtLiterals(normalize(part), this.#normalizedLiterals, ids, (rest) =>
          this.#bpe.encode(rest, ids),
        );
    };
    splitAtLiterals(text, this.#literals, ids, splitNormalized);
  }
}

/** Appends the ids of the literals in `text`, with `encode` called for what is between them, in order. */
function splitAtLiterals(
  text: string,
  literals: LiteralMatcher,
  ids: number[],
  encode: (part: string) => void,
): void {
  let from = 0;
  for (let match = literals.find(text, 0); match !== undefined; match = literals.find(text, from)) {
    if (match.start > from) encode(text.slice(from, match.start));
    ids.push(match.id);
    from = match.end;
  }
  if (from < text.length) encode(text.slice(from));
}

function normalize(text: string): string {
  return text.replaceAll(' ', '\u2581');
}

function addedTokens({ addedIds, addedKinds, addedOffsets, addedBytes }: TokenizerSections) {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return Array.from(addedIds, (id, i) => ({
    id,
    kind: addedKinds[i]!,
    name: decoder.decode(addedBytes.subarray(addedOffsets[i], addedOffsets[i + 1])),
  }));
}

/** The checksum vouches for accidents; this keeps look-ups in bounds and ending whoever made the file. */
function checkTables(sections: TokenizerSections): void {
  const { pieceOffsets, pieceBytes, addedOffsets, addedBytes, mergeTable, mergeResults } = sections;
  const pieces = sections.controlFlags.length;
  const areIds = (ids: Uint32Array): boolean => ids.every((id) => id < pieces);
  const slots = mergeTable.length / 2;
  const isSound =
    sections.bos < pieces &&
    sections.eos < pieces &&
    areBounds(pieceOffsets, pieceBytes.length) &&
    areBounds(addedOffsets, addedBytes.length) &&
    slots > 0 &&
    (slots & (slots - 1)) === 0 &&
    isPairTable(mergeTable, mergeResults.length) &&
    areIds(mergeResults) &&
    areIds(sections.byteIds) &&
    areIds(sections.characters.filter((_, i) => i % 2 === 1)) &&
    areIds(sections.addedIds);
  if (!isSound) throw damagedBinary('damaged');
}

function areBounds(offsets: Uint32Array, length: number): boolean {
  return (
    offsets[0] === 0 &&
    offsets.at(-1) === length &&
    offsets.every((at, i) => i === 0 || at >= offsets[i - 1]!)
  );
}
