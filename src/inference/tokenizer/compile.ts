import { AddedKind, Flag, writeTokenizerBinary } from './binaryFormat.ts';
import { compileMerges } from './merges.ts';
import { parseTokenizerJson } from './tokenizerJson.ts';
import { buildVocabulary, type Vocabulary } from './vocabulary.ts';

const utf8 = new TextEncoder();

/**
 * Compiles a Gemma-form tokenizer.json to the binary that `loadTokenizer` reads. The same file always gives
 * the same bytes. Needs about ten times the file's size in memory for its duration.
 *
 * Throws GemmaError `model-damaged` (inconsistent or oversized file), `model-unsupported` (other rules than
 * Gemma's).
 */
export function compileTokenizer(json: Uint8Array): Uint8Array {
  const file = parseTokenizerJson(json);
  const vocabulary = buildVocabulary(file);
  const merges = compileMerges(file.merges, vocabulary);
  const isControl = (id: number): boolean => vocabulary.kinds[id] === 'control';
  const added = compileAdded(vocabulary);
  const texts = concatenate(vocabulary.pieces.map((_, id) => pieceBytes(vocabulary, id)));
  return writeTokenizerBinary({
    bos: vocabulary.bos,
    eos: vocabulary.eos,
    flags: isLineSafe(vocabulary, merges.results) ? Flag.lineSafe : 0,
    pieceOffsets: texts.offsets,
    mergeTable: merges.table,
    mergeResults: merges.results,
    characters: compileCharacters(vocabulary),
    byteIds: Uint32Array.from(vocabulary.byteIds),
    ...added,
    controlFlags: Uint8Array.from(vocabulary.pieces, (_, id) => Number(isControl(id))),
    pieceBytes: texts.bytes,
  });
}

/** UTF-8 of the text that a piece stands for. */
function pieceBytes({ kinds, pieces, byteIds }: Vocabulary, id: number): Uint8Array {
  if (kinds[id] === 'control') return new Uint8Array();
  if (kinds[id] === 'byte') return Uint8Array.of(byteIds.indexOf(id));
  return utf8.encode(pieces[id]!.replaceAll('\u2581', ' '));
}

/** Code points that have a piece of their own, ascending, each followed by its id. */
function compileCharacters({ pieces, kinds }: Vocabulary): Uint32Array {
  const characters: [codePoint: number, id: number][] = [];
  for (const [id, piece] of pieces.entries()) {
    const codePoint = piece.codePointAt(0)!;
    const isCharacter = String.fromCodePoint(codePoint) === piece;
    if (isCharacter && kinds[id] !== 'control') characters.push([codePoint, id]);
  }
  return Uint32Array.from(characters.sort((a, b) => a[0] - b[0]).flat());
}

function compileAdded({ pieces, kinds, added }: Vocabulary) {
  const ids = pieces.flatMap((_, id) => (kinds[id] === 'control' || kinds[id] === 'literal' ? [id] : []));
  const kindOf = (id: number): number => {
    if (kinds[id] === 'control') return AddedKind.control;
    return added.get(pieces[id]!)?.normalized ? AddedKind.normalizedLiteral : AddedKind.literal;
  };
  const names = concatenate(ids.map((id) => utf8.encode(pieces[id])));
  return {
    addedIds: Uint32Array.from(ids),
    addedKinds: Uint32Array.from(ids, kindOf),
    addedOffsets: names.offsets,
    addedBytes: names.bytes,
  };
}

/**
 * Whether encoding line by line equals encoding the whole: true when nothing that encoding can produce joins
 * a newline with another character, because then no merge and no literal crosses the border of a newline run.
 */
function isLineSafe({ pieces, kinds }: Vocabulary, mergeResults: Uint32Array): boolean {
  const mixes = (id: number): boolean => pieces[id]!.includes('\n') && !/^\n+$/.test(pieces[id]!);
  return !mergeResults.some(mixes) && !pieces.some((_, id) => kinds[id] === 'literal' && mixes(id));
}

function concatenate(parts: readonly Uint8Array[]): { offsets: Uint32Array; bytes: Uint8Array } {
  const offsets = new Uint32Array(parts.length + 1);
  for (const [i, part] of parts.entries()) offsets[i + 1] = offsets[i]! + part.length;
  const bytes = new Uint8Array(offsets[parts.length]!);
  for (const [i, part] of parts.entries()) bytes.set(part, offsets[i]);
  return { offsets, bytes };
}
