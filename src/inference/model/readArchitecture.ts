import * as v from 'valibot';
import { GemmaError } from '../../protocol/errors.ts';
import type { Architecture, LayerAttention } from './architecture.ts';
import { family, type GenerationName } from './family.ts';
import { readRope, RopeConfig } from './readRope.ts';

/** Longest rotary tables: 32,768 positions of 256 dimensions are 17 MB each, and no completion needs more. */
export const MAX_POSITIONS = 32_768;

/** Far above every real model, far below what would exhaust memory before a tensor is looked at. */
const size = (max: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(max));
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const nothing = v.optional(v.nullable(v.literal(0)));

/** Defaults are those of Gemma3TextConfig: multimodal checkpoints leave out what equals them. */
const TextConfig = v.object({
  ...RopeConfig.entries,
  vocab_size: v.optional(size(1_048_576), 262_208),
  hidden_size: v.optional(size(65_536), 2_304),
  intermediate_size: v.optional(size(1_048_576), 9_216),
  num_hidden_layers: v.optional(size(1_024), 26),
  num_attention_heads: v.optional(size(1_024), 8),
  num_key_value_heads: v.optional(size(1_024), 4),
  head_dim: v.optional(size(1_024), 256),
  max_position_embeddings: v.optional(size(16_777_216), 131_072),
  rms_norm_eps: v.optional(positive, 1e-6),
  query_pre_attn_scalar: v.optional(positive, 256),
  sliding_window: v.optional(v.nullable(size(16_777_216)), 4_096),
  sliding_window_pattern: v.optional(size(1_024)),
  _sliding_window_pattern: v.optional(size(1_024)),
  layer_types: v.optional(v.nullable(v.array(v.picklist(['sliding_attention', 'full_attention'])))),
  hidden_activation: v.optional(v.nullable(v.literal('gelu_pytorch_tanh'))),
  attn_logit_softcapping: nothing,
  final_logit_softcapping: nothing,
  attention_bias: v.optional(v.literal(false)),
  tie_word_embeddings: v.optional(v.literal(true)),
  use_bidirectional_attention: v.optional(v.nullable(v.literal(false))),
});
type TextConfig = v.InferOutput<typeof TextConfig>;

/** Every sixth layer of Gemma 3 attends to everything. */
const DEFAULT_PATTERN = 6;

/**
 * Architecture of a config.json in Hugging Face form: `gemma3_text`, or the text part of `gemma3`.
 *
 * @throws GemmaError `model-unsupported` for other architectures and for options that no Gemma 3 uses;
 * `model-damaged` when numbers are missing or contradict each other
 */
export function readArchitecture(configJson: unknown): Architecture {
  const config = parseText(textConfig(configJson));
  const { num_attention_heads: heads, num_key_value_heads: kvHeads, head_dim: headDim } = config;
  if (heads % kvHeads !== 0) {
    throw damaged(`num_attention_heads (${heads}) is not a multiple of num_key_value_heads (${kvHeads})`);
  }
  if (headDim % 8 !== 0) {
    throw new GemmaError(
      'model-unsupported',
      `A head_dim of ${headDim} can't be run: it must be a multiple of 8.`,
    );
  }
  return {
    generation: 'gemma3',
    layers: config.num_hidden_layers,
    hiddenSize: config.hidden_size,
    ffnSize: config.intermediate_size,
    heads,
    kvHeads,
    headDim,
    vocabSize: config.vocab_size,
    maxPositions: Math.min(config.max_position_embeddings, MAX_POSITIONS),
    rmsNormEpsilon: config.rms_norm_eps,
    queryPreAttentionScalar: config.query_pre_attn_scalar,
    attention: readAttention(config),
  };
}

/** Generations by `model_type`; `gemma3` has the text model inside a larger one. */
const modelTypes: ReadonlyMap<string, GenerationName> = new Map([
  ['gemma', 'gemma'],
  ['gemma2', 'gemma2'],
  ['gemma3_text', 'gemma3'],
  ['gemma3', 'gemma3'],
]);

const Kind = v.object({
  model_type: v.optional(v.string()),
  architectures: v.optional(v.array(v.string())),
  text_config: v.optional(v.unknown()),
});

/** The object with the numbers of the text model. */
function textConfig(configJson: unknown): unknown {
  const parsed = v.safeParse(Kind, configJson);
  if (!parsed.success) throw damaged('it is not a JSON object of a model');
  const { model_type: type, architectures, text_config: text } = parsed.output;
  const generation = modelTypes.get(type ?? '');
  if (generation === undefined || !family[generation].supported) {
    const name = type ?? architectures?.[0] ?? 'without a model_type';
    throw new GemmaError(
      'model-unsupported',
      `A model of architecture ${name} can't be imported; only Gemma 3 (gemma3_text, gemma3) can.`,
    );
  }
  if (type !== 'gemma3') return configJson;
  const inner = v.safeParse(v.looseObject({ model_type: v.optional(v.literal('gemma3_text')) }), text);
  if (!inner.success) throw damaged('text_config of the gemma3 model is missing or of another kind');
  return text;
}

function parseText(text: unknown): TextConfig {
  const parsed = v.safeParse(TextConfig, text);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const key = v.getDotPath(issue) ?? '?';
  if (issue.type === 'literal' || issue.type === 'picklist') {
    throw new GemmaError(
      'model-unsupported',
      `${key} = ${issue.received} in config.json is not supported for Gemma 3.`,
    );
  }
  throw damaged(`${key} is invalid (${issue.message})`);
}

function readAttention(config: TextConfig): LayerAttention[] {
  const isLocal = localLayers(config);
  const rope = readRope(config);
  return isLocal.map((local) => {
    const { theta, factor } = local ? rope.local : rope.global;
    const window = local ? config.sliding_window : null;
    if (local && window === null) throw damaged('sliding_window is null, but layers attend through it');
    return { window, ropeTheta: theta, ropeFactor: factor };
  });
}

function localLayers({
  num_hidden_layers: layers,
  layer_types: types,
  sliding_window_pattern: pattern,
  _sliding_window_pattern: privatePattern,
}: TextConfig): boolean[] {
  if (types !== undefined && types !== null) {
    if (types.length !== layers)
      throw damaged(`layer_types has ${types.length} entries for ${layers} layers`);
    return types.map((type) => type === 'sliding_attention');
  }
  const every = pattern ?? privatePattern ?? DEFAULT_PATTERN;
  return Array.from({ length: layers }, (_, layer) => (layer + 1) % every !== 0);
}

function damaged(what: string): GemmaError {
  return new GemmaError('model-damaged', `config.json can't be used: ${what}.`);
}
