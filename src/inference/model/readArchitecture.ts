import * as v from 'valibot';
import { GemmaError } from '../../protocol/errors.ts';
import type { Architecture, LayerAttention } from './architecture.ts';
import type { GenerationName } from './family.ts';
import { type Rope, readRope } from './readRope.ts';
import { ropeDefaults, type TextConfig, textConfigs } from './textConfig.ts';
import { findTextModel } from './textModel.ts';

/** Longest rotary tables: 32,768 positions of 256 dimensions are 17 MB each, and no completion needs more. */
export const MAX_POSITIONS = 32_768;

/** What the generations differ in beyond numbers of the same name. */
interface Rules {
  readonly queryPreAttentionScalar: number;
  readonly isLocal: (layer: number) => boolean;
  readonly window: number | null;
  /** Layers without a window; those with one have the heads that every config.json names. */
  readonly global: Pick<LayerAttention, 'headDim' | 'kvHeads' | 'valuesFromKeys'>;
  /** So many of the last layers read keys and values of earlier ones. */
  readonly sharing: number;
  /** Their feed-forward networks are so many times as wide. */
  readonly sharingWidth: number;
  readonly perLayerInputSize: number;
}

/**
 * Architecture of a config.json in Hugging Face form: a dense text model of the family, or the text part of a larger one.
 *
 * @throws GemmaError `model-unsupported` for other architectures and for options that no model of the generation uses;
 * `model-damaged` when numbers are missing or contradict each other
 */
export function readArchitecture(configJson: unknown): Architecture {
  const { generation, text } = findTextModel(configJson);
  const { config, rules } = readGeneration(generation, text);
  const { num_hidden_layers: layers, num_attention_heads: heads } = config;
  const attention = readAttention(config, rules, readRope(config, ropeDefaults[generation]));
  for (const { kvHeads, headDim } of attention) checkHeads(heads, kvHeads, headDim);
  return {
    generation,
    layers,
    hiddenSize: config.hidden_size,
    heads,
    vocabSize: config.vocab_size,
    maxPositions: Math.min(config.max_position_embeddings, MAX_POSITIONS),
    rmsNormEpsilon: config.rms_norm_eps,
    queryPreAttentionScalar: rules.queryPreAttentionScalar,
    perLayerInputSize: rules.perLayerInputSize,
    attention,
    ffnSizes: attention.map(
      ({ kvFrom }) => config.intermediate_size * (kvFrom === null ? 1 : rules.sharingWidth),
    ),
  };
}

type AnyConfig = TextConfig<GenerationName>;

function readGeneration(generation: GenerationName, text: unknown): { config: AnyConfig; rules: Rules } {
  switch (generation) {
    case 'gemma': {
      const config = parse(generation, textConfigs.gemma, text);
      return {
        config,
        rules: {
          ...uniform(config),
          queryPreAttentionScalar: config.head_dim,
          isLocal: () => false,
          window: null,
        },
      };
    }
    case 'gemma2': {
      const config = parse(generation, textConfigs.gemma2, text);
      return { config, rules: { ...uniform(config), ...windowed(config, (layer) => layer % 2 === 0) } };
    }
    case 'gemma3': {
      const config = parse(generation, textConfigs.gemma3, text);
      const every = config.sliding_window_pattern ?? config._sliding_window_pattern ?? GLOBAL_EVERY;
      return {
        config,
        rules: { ...uniform(config), ...windowed(config, (layer) => (layer + 1) % every !== 0) },
      };
    }
    case 'gemma4': {
      const config = parse(generation, textConfigs.gemma4, text);
      return { config, rules: gemma4(config) };
    }
    default:
      return generation satisfies never;
  }
}

/** Every sixth layer of Gemma 3 and 4 attends to everything, unless config.json says otherwise. */
const GLOBAL_EVERY = 6;

/** All layers have the same heads, and keys and values of their own. */
function uniform(config: AnyConfig) {
  return {
    global: { headDim: config.head_dim, kvHeads: config.num_key_value_heads, valuesFromKeys: false },
    sharing: 0,
    sharingWidth: 1,
    perLayerInputSize: 0,
  };
}

function windowed(
  config: TextConfig<'gemma2' | 'gemma3'>,
  byDefault: Rules['isLocal'],
): Pick<Rules, 'queryPreAttentionScalar' | 'isLocal' | 'window'> {
  return {
    queryPreAttentionScalar: config.query_pre_attn_scalar,
    isLocal: localLayers(config, byDefault),
    window: config.sliding_window,
  };
}

/** Of Gemma4TextConfig and Gemma4TextAttention. */
function gemma4(config: TextConfig<'gemma4'>): Rules {
  const { num_hidden_layers: layers, attention_k_eq_v: valuesFromKeys } = config;
  const perLayerInputSize = config.hidden_size_per_layer_input ?? 0;
  if (perLayerInputSize > 0 && config.vocab_size_per_layer_input !== config.vocab_size) {
    throw damaged(
      `vocab_size_per_layer_input (${config.vocab_size_per_layer_input}) is not vocab_size (${config.vocab_size})`,
    );
  }
  const isLocal = localLayers(config, (layer) => (layer + 1) % GLOBAL_EVERY !== 0);
  const globalKvHeads = valuesFromKeys ? config.num_global_key_value_heads : null;
  return {
    // Queries and keys are normed, and their product is taken as it is.
    queryPreAttentionScalar: 1,
    // The last layer always attends to everything.
    isLocal: (layer) => layer < layers - 1 && isLocal(layer),
    window: config.sliding_window,
    global: {
      headDim: config.global_head_dim,
      kvHeads: globalKvHeads ?? config.num_key_value_heads,
      valuesFromKeys,
    },
    sharing: config.num_kv_shared_layers ?? 0,
    sharingWidth: config.use_double_wide_mlp ? 2 : 1,
    perLayerInputSize,
  };
}

function localLayers(
  {
    num_hidden_layers: layers,
    layer_types: types,
  }: Pick<TextConfig<'gemma2'>, 'num_hidden_layers' | 'layer_types'>,
  byDefault: Rules['isLocal'],
): Rules['isLocal'] {
  if (types === undefined || types === null) return byDefault;
  if (types.length !== layers) throw damaged(`layer_types has ${types.length} entries for ${layers} layers`);
  return (layer) => types[layer] === 'sliding_attention';
}

function readAttention(
  config: AnyConfig,
  rules: Rules,
  rope: { readonly global: Rope; readonly local: Rope },
): LayerAttention[] {
  const { num_hidden_layers: layers, num_key_value_heads: kvHeads, head_dim: headDim } = config;
  const own = layers - rules.sharing;
  if (own < 1) throw damaged(`${rules.sharing} of ${layers} layers share keys and values; none has its own`);
  const isLocal = Array.from({ length: layers }, (_, layer) => rules.isLocal(layer));
  return isLocal.map((local, layer): LayerAttention => {
    const { theta, factor, share } = local ? rope.local : rope.global;
    const window = local ? rules.window : null;
    if (local && window === null) throw damaged('sliding_window is null, but layers attend through it');
    const heads = local ? { kvHeads, headDim, valuesFromKeys: false } : rules.global;
    return {
      kvHeads: heads.kvHeads,
      headDim: heads.headDim,
      valuesFromKeys: heads.valuesFromKeys,
      kvFrom: layer < own ? null : lastAlike(isLocal.slice(0, own), local),
      window,
      ropeTheta: theta,
      ropeFactor: factor,
      rotatedPairs: Math.floor((share * heads.headDim) / 2),
    };
  });
}

/** Layers that share read from the last one of their kind that doesn't. */
function lastAlike(own: readonly boolean[], local: boolean): number {
  const layer = own.lastIndexOf(local);
  if (layer >= 0) return layer;
  throw damaged(
    `no layer has keys and values that its last ${local ? 'local' : 'global'} layers could share`,
  );
}

function checkHeads(heads: number, kvHeads: number, headDim: number): void {
  if (heads % kvHeads !== 0) {
    throw damaged(`num_attention_heads (${heads}) is not a multiple of num_key_value_heads (${kvHeads})`);
  }
  if (headDim % 8 !== 0) {
    throw new GemmaError(
      'model-unsupported',
      `A head_dim of ${headDim} can't be run: it must be a multiple of 8.`,
    );
  }
}

function parse<S extends v.GenericSchema>(
  generation: GenerationName,
  schema: S,
  text: unknown,
): v.InferOutput<S> {
  const parsed = v.safeParse(schema, text);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const key = v.getDotPath(issue) ?? '?';
  if (['literal', 'picklist', 'null'].includes(issue.type)) {
    throw new GemmaError(
      'model-unsupported',
      `${key} = ${issue.received} in config.json is not supported for ${generation}.`,
    );
  }
  throw damaged(`${key} is invalid (${issue.message})`);
}

function damaged(what: string): GemmaError {
  return new GemmaError('model-damaged', `config.json can't be used: ${what}.`);
}
