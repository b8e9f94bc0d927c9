import { trainPieces } from './bpeTraining.ts';
import { multilingual, sourceFiles } from './corpus.ts';

export interface AddedTokenJson {
  id: number;
  content: string;
  single_word: boolean;
  lstrip: boolean;
  rstrip: boolean;
  normalized: boolean;
  special: boolean;
}

/** A tokenizer.json as Gemma 3 publishes it, in the parts that matter. */
export interface GemmaTokenizerJson {
  added_tokens: AddedTokenJson[];
  normalizer: unknown;
  pre_tokenizer: unknown;
  post_processor: unknown;
  decoder: { type: string; decoders: unknown[] };
  model: Record<string, unknown> & { vocab: Record<string, number>; merges: [string, string][] };
}

const unused = Array.from({ length: 99 }, (_, i) => `<unused${i}>`);
const turns = ['<start_of_turn>', '<end_of_turn>'];
const gemma1 = ['<pad>', '<eos>', '<bos>', '<unk>', '<mask>', '<2mass>', '[@BOS@]', ...unused, ...turns];
const gemma3 = ['<pad>', '<eos>', '<bos>', '<unk>', '<mask>', '[multimodal]', ...unused, ...turns];

/** The first pieces of each generation's vocabulary, so that control tokens have their real ids. */
export const generations = {
  gemma1,
  codegemma: renamed(gemma1, {
    67: '<|fim_prefix|>',
    68: '<|fim_middle|>',
    69: '<|fim_suffix|>',
    70: '<|file_separator|>',
  }),
  gemma3,
  gemma4: renamed(gemma3, {
    46: '<|tool>',
    47: '<tool|>',
    48: '<|tool_call>',
    49: '<tool_call|>',
    50: '<|tool_response>',
    51: '<tool_response|>',
    52: '<|"|>',
    98: '<|think|>',
    100: '<|channel>',
    101: '<channel|>',
    105: '<|turn>',
    106: '<turn|>',
  }),
} as const;

const notSpecial = /^(?:<mask>|<2mass>|\[@BOS@\]|\[multimodal\]|<unused\d+>)$/;

function renamed(pieces: readonly string[], names: Readonly<Record<number, string>>): readonly string[] {
  return pieces.map((piece, id) => names[id] ?? piece);
}

const newlines = Array.from({ length: 31 }, (_, i) => '\n'.repeat(i + 1));
const spaces = Array.from({ length: 30 }, (_, i) => '\u2581'.repeat(i + 2));
const tabs = Array.from({ length: 16 }, (_, i) => '\t'.repeat(i + 1));
const tags = ['table', 'tr', 'td', 'h1', 'h2', 'blockquote', 'strong', 'b', 'i', 's', 'code'];
const html = tags.flatMap((tag) => [`<${tag}>`, `</${tag}>`]);
const bytes = Array.from(
  { length: 256 },
  (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
);

const fixed = [...newlines, ...spaces, ...html, ...bytes, ...tabs];
const allFixed = gemma3.length + fixed.length;

/** A vocabulary of Gemma 3's layout with `size` pieces, trained on code and on `multilingual`. */
export function trainedTokenizer(size: number): GemmaTokenizerJson {
  return gemmaTokenizer(trainedPieces(size - allFixed));
}

/** Text pieces trained on code and on `multilingual`. */
export function trainedPieces(count: number): string[] {
  const { joined, characters } = trainPieces(trainingTexts(), count);
  return [...joined, ...characters];
}

/**
 * The same at Gemma's own size. Little text yields too few pieces, so the rest are random chains of learned
 * ones with all their parts: about two merges for each piece, half a million in all, as in the real files.
 */
export function gemmaSizeTokenizer(size = 262_144): GemmaTokenizerJson {
  const { joined, characters } = trainPieces(trainingTexts(), 6000);
  const links = joined.filter((piece) => /^\p{L}{2,4}$/u.test(piece));
  const random = generator(20_260);
  const pieces = new Set(joined);
  const room = size - allFixed - characters.length;
  while (pieces.size < room) {
    const chain = Array.from({ length: 5 }, () => links[random(links.length)]!);
    for (let length = 2; length <= chain.length; length++) {
      for (let start = 0; start + length <= chain.length && pieces.size < room; start++) {
        pieces.add(chain.slice(start, start + length).join(''));
      }
    }
  }
  return gemmaTokenizer([...pieces, ...characters]);
}

/** A tokenizer.json of Gemma's form around the given text pieces, after one generation's control tokens. */
export function gemmaTokenizer(
  textPieces: readonly string[],
  control: readonly string[] = gemma3,
): GemmaTokenizerJson {
  const layout = [...control, ...fixed, ...textPieces];
  const vocab = Object.fromEntries(layout.map((piece, id) => [piece, id]));
  const added = [...control, ...newlines, ...spaces, ...html, ...tabs];
  const beyond = { content: '<image_soft_token>', id: layout.length };
  return {
    added_tokens: [...added.map((content) => ({ content, id: vocab[content]! })), beyond].map(
      ({ content, id }) => ({
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: (control.includes(content) || id === beyond.id) && !notSpecial.test(content),
      }),
    ),
    normalizer: { type: 'Replace', pattern: { String: ' ' }, content: '\u2581' },
    pre_tokenizer: { type: 'Split', pattern: { String: ' ' }, behavior: 'MergedWithPrevious', invert: false },
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<bos>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: { '<bos>': { id: '<bos>', ids: [2], tokens: ['<bos>'] } },
    },
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '\u2581' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
      ],
    },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: '<unk>',
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab,
      merges: mergesOf(layout, vocab),
    },
  };
}

/** Every way to make a piece of two others, in the order in which Gemma's SentencePiece model is converted. */
function mergesOf(layout: readonly string[], vocab: Readonly<Record<string, number>>): [string, string][] {
  const ids = new Map(Object.entries(vocab));
  return layout.flatMap((piece) => {
    const characters = Array.from(piece);
    const splits: [string, string][] = [];
    for (let cut = 1; cut < characters.length; cut++) {
      const left = characters.slice(0, cut).join('');
      const right = characters.slice(cut).join('');
      if (ids.has(left) && ids.has(right)) splits.push([left, right]);
    }
    return splits.sort((a, b) => ids.get(a[0])! - ids.get(b[0])! || ids.get(a[1])! - ids.get(b[1])!);
  });
}

export function toBytes(json: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(json));
}

/** About 0.5 MB, enough for some thousand pieces. */
function trainingTexts(): string[] {
  return [...sourceFiles(40_000).slice(0, 60), ...multilingual.slice(0, 4)];
}

/** Whole numbers below `limit`, the same for the same seed (xorshift32). */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}
