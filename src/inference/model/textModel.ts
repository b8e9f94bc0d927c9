import * as v from 'valibot';
import { GemmaError } from '../../protocol/errors.ts';
import type { GenerationName } from './family.ts';

interface Kind {
  readonly generation: GenerationName;
  /** Of `text_config`, where the text model is part of a larger one. */
  readonly inner?: string;
  /** Where the config class of this kind differs from its generation's. */
  readonly defaults?: Readonly<Record<string, unknown>>;
}

/** Gemma 4 12B: without encoders, and without an input of each layer's own. */
const unified = {
  generation: 'gemma4',
  defaults: { sliding_window: 1_024, max_position_embeddings: 262_144, hidden_size_per_layer_input: 0 },
} as const;

/** By `model_type`. */
const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['gemma', { generation: 'gemma' }],
  ['gemma2', { generation: 'gemma2' }],
  ['gemma3_text', { generation: 'gemma3' }],
  ['gemma3', { generation: 'gemma3', inner: 'gemma3_text' }],
  ['gemma4_text', { generation: 'gemma4' }],
  ['gemma4', { generation: 'gemma4', inner: 'gemma4_text' }],
  ['gemma4_unified_text', unified],
  ['gemma4_unified', { ...unified, inner: 'gemma4_unified_text' }],
]);

/** Models that are called Gemma, and why they can't be imported. */
const refusals: ReadonlyMap<string, string> = new Map(
  Object.entries({
    gemma3n: 'it predicts and corrects several streams at once (AltUp)',
    gemma3n_text: 'it predicts and corrects several streams at once (AltUp)',
    recurrent_gemma: "it carries a state from token to token that can't be rewound",
    paligemma: 'it needs an image',
    shieldgemma2: 'it needs an image',
    t5gemma: 'it has an encoder of its own',
    t5gemma2: 'it has an encoder of its own',
    gemma4_assistant: 'it only guesses for a larger model',
    gemma4_unified_assistant: 'it only guesses for a larger model',
  }),
);

const Config = v.object({
  model_type: v.optional(v.string()),
  architectures: v.optional(v.array(v.string())),
  text_config: v.optional(v.unknown()),
  tie_word_embeddings: v.optional(v.unknown()),
  quantization_config: v.optional(v.unknown()),
  quantization: v.optional(v.unknown()),
});

/**
 * The part of a config.json with the numbers of the text model, and its generation.
 *
 * @throws GemmaError `model-unsupported`, with the reason; `model-damaged`
 */
export function findTextModel(configJson: unknown): {
  readonly generation: GenerationName;
  readonly text: object;
} {
  const parsed = v.safeParse(v.looseObject(Config.entries), configJson);
  if (!parsed.success) throw damaged('it is not a JSON object of a model');
  const { model_type: type, architectures } = parsed.output;
  const kind = kinds.get(type ?? '');
  if (kind === undefined) {
    const name = type ?? architectures?.[0] ?? 'without a model_type';
    const reason = refusals.get(name) ?? 'only the dense models of Gemma 1, 2, 3 and 4 and CodeGemma can';
    throw unsupported(`A model of architecture ${name} can't be imported: ${reason}.`);
  }
  const { quantization_config: quantized = parsed.output.quantization, tie_word_embeddings: tied } =
    parsed.output;
  if (quantized !== undefined && quantized !== null) {
    throw unsupported(
      'The weights of this checkpoint are quantized already. Import the one they were made from.',
    );
  }
  if (tied === false) throw unsupported('tie_word_embeddings = false in config.json is not supported.');
  const text = {
    ...kind.defaults,
    ...(kind.inner === undefined ? parsed.output : innerText(parsed.output, kind.inner)),
  };
  if ('enable_moe_block' in text && text['enable_moe_block'] === true) {
    throw unsupported(
      `A ${type} model with experts (enable_moe_block) can't be imported: only dense ones can.`,
    );
  }
  return { generation: kind.generation, text };
}

function innerText(
  { model_type: type, text_config: text }: v.InferOutput<typeof Config>,
  inner: string,
): object {
  const parsed = v.safeParse(v.looseObject({ model_type: v.optional(v.literal(inner)) }), text);
  if (parsed.success) return parsed.output;
  throw damaged(`text_config of the ${type} model is missing or of another kind`);
}

function unsupported(message: string): GemmaError {
  return new GemmaError('model-unsupported', message);
}

function damaged(what: string): GemmaError {
  return new GemmaError('model-damaged', `config.json can't be used: ${what}.`);
}
