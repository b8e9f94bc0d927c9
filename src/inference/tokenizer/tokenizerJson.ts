import * as v from 'valibot';
import type { AddedToken } from './pieceKind.ts';
import { damagedJson, unsupportedTokenizer } from './refusal.ts';

/** The parts of a Gemma-form tokenizer.json. The two big tables are still unchecked, entry by entry. */
export interface TokenizerJson {
  readonly vocab: Readonly<Record<string, unknown>>;
  readonly merges: readonly unknown[];
  readonly addedTokens: readonly AddedToken[];
}

/** Real Gemma files have 17 to 34 MB. */
const MAX_JSON_BYTES = 64 * 2 ** 20;

/** Gemma 3 lists 6,415 added tokens. */
const MAX_ADDED_TOKENS = 65_536;

const AddedTokenEntry = v.object({
  id: v.number(),
  content: v.string(),
  single_word: v.optional(v.boolean(), false),
  lstrip: v.optional(v.boolean(), false),
  rstrip: v.optional(v.boolean(), false),
  normalized: v.optional(v.boolean()),
  special: v.optional(v.boolean(), false),
});

// The vocabulary and the merges hold hundreds of thousands of entries: checked where they are compiled.
const TokenizerFile = v.object({
  added_tokens: v.pipe(v.array(AddedTokenEntry), v.maxLength(MAX_ADDED_TOKENS)),
  normalizer: v.unknown(),
  pre_tokenizer: v.unknown(),
  post_processor: v.unknown(),
  decoder: v.unknown(),
  model: v.object({
    type: v.string(),
    vocab: v.custom<Record<string, unknown>>(isRecord, 'expected an object'),
    merges: v.array(v.unknown()),
    byte_fallback: v.optional(v.boolean(), false),
    ignore_merges: v.optional(v.boolean(), false),
    dropout: v.optional(v.unknown()),
    continuing_subword_prefix: v.optional(v.unknown()),
    end_of_word_suffix: v.optional(v.unknown()),
  }),
});

const literalPattern = (text: string) => v.strictObject({ String: v.literal(text) });

const GemmaNormalizer = v.strictObject({
  type: v.literal('Replace'),
  pattern: literalPattern(' '),
  content: v.literal('\u2581'),
});

// A no-op: the normalizer has left no space to split at.
const GemmaPreTokenizer = v.nullish(
  v.strictObject({
    type: v.literal('Split'),
    pattern: literalPattern(' '),
    behavior: v.literal('MergedWithPrevious'),
    invert: v.optional(v.literal(false)),
  }),
);

// Only ever adds `<bos>`, which callers insert by id.
const GemmaPostProcessor = v.nullish(v.object({ type: v.literal('TemplateProcessing') }));

const GemmaDecoder = v.object({
  type: v.literal('Sequence'),
  decoders: v.strictTuple([
    v.strictObject({
      type: v.literal('Replace'),
      pattern: literalPattern('\u2581'),
      content: v.literal(' '),
    }),
    v.object({ type: v.literal('ByteFallback') }),
    v.object({ type: v.literal('Fuse') }),
  ]),
});

/**
 * Reads a Gemma-form tokenizer.json: spaces become `▁`, BPE with byte fallback, no regex, no template.
 * Nothing in the file is executed.
 *
 * Throws GemmaError `model-damaged` (not such a file, or oversized), `model-unsupported` (other rules).
 */
export function parseTokenizerJson(json: Uint8Array): TokenizerJson {
  if (json.byteLength > MAX_JSON_BYTES) {
    throw damagedJson(`has ${json.byteLength} bytes, and no Gemma tokenizer exceeds ${MAX_JSON_BYTES}`);
  }
  const file = v.safeParse(TokenizerFile, parseJson(json));
  if (!file.success) {
    const issue = file.issues[0];
    const place = v.getDotPath(issue) ?? 'the top level';
    throw damagedJson(`is not as expected at ${place} (${issue.message.slice(0, 200)})`);
  }
  const { model, added_tokens: entries, ...rules } = file.output;
  requireRule(v.is(GemmaNormalizer, rules.normalizer), 'normalizer');
  requireRule(v.is(GemmaPreTokenizer, rules.pre_tokenizer), 'pre_tokenizer');
  requireRule(v.is(GemmaPostProcessor, rules.post_processor), 'post_processor');
  requireRule(v.is(GemmaDecoder, rules.decoder), 'decoder');
  requireRule(model.type === 'BPE' && model.byte_fallback && !model.ignore_merges, 'model');
  requireRule(!model.dropout && !model.continuing_subword_prefix && !model.end_of_word_suffix, 'model');
  const addedTokens = entries.map((entry) => {
    requireRule(!entry.single_word && !entry.lstrip && !entry.rstrip, 'added_tokens');
    const { id, content, special } = entry;
    return { id, content, special, normalized: entry.normalized ?? !special };
  });
  return { vocab: model.vocab, merges: model.merges, addedTokens };
}

function parseJson(json: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch (cause) {
    throw damagedJson('is not JSON', { cause });
  }
}

function requireRule(holds: boolean, part: string): void {
  if (holds) return;
  throw unsupportedTokenizer(`has other rules in its "${part}" than Gemma's`);
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
