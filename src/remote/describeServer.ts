import * as v from 'valibot';
import { GemmaError } from '../protocol/errors.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import { askJson } from './http.ts';
import type { Connection } from './http.ts';
import { isCodeGemma } from './fillInPrompt.ts';

/** The servers whose ways are known; `other` speaks OpenAI's protocol and is asked for nothing more. */
export type ServerKind = 'llama.cpp' | 'vllm' | 'ollama' | 'lm-studio' | 'other';

/** How a server fills in the middle with a model. */
export type FillIn =
  /** llama.cpp's `/infill`. */
  | 'infill'
  /** `/v1/completions` with the text after the cursor as `suffix`. */
  | 'suffix'
  /** `/v1/completions` with CodeGemma's layout as text. */
  | 'codegemma';

export interface ServerDescription {
  readonly kind: ServerKind;
  /** Names of its models, as it lists them. */
  readonly models: readonly string[];
  /** Longest prompt and answer together, in tokens, by model; where a server doesn't tell, it isn't there. */
  readonly contexts: ReadonlyMap<string, number>;
}

/** Of a question about the server itself. */
const SILENCE_MS = 10_000;
/** A model may have to be loaded first. */
const PROBE_SILENCE_MS = 60_000;

/** Where a server doesn't tell. Ollama cuts longer prompts without a word, so its own default counts. */
const DEFAULT_CONTEXT: Readonly<Record<ServerKind, number>> = {
  'llama.cpp': 4_096,
  vllm: 4_096,
  ollama: 4_096,
  'lm-studio': 4_096,
  other: 8_192,
};
const MAX_CONTEXT = 1_000_000;
const MAX_MODELS = 10_000;

/** How servers say that they don't know a question; some fail over it. */
const refusals: ReadonlySet<ErrorCode> = new Set(['no-model', 'bad-input', 'protocol', 'network']);

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(512));
const tokens = v.pipe(v.number(), v.integer(), v.minValue(256), v.maxValue(MAX_CONTEXT));
const maybe = <S extends v.GenericSchema>(schema: S) => v.fallback(v.optional(schema), undefined);

const Models = v.object({
  data: v.pipe(
    v.array(v.object({ id: name, owned_by: maybe(v.string()), max_model_len: maybe(tokens) })),
    v.maxLength(MAX_MODELS),
  ),
});
const LlamaProps = v.object({ default_generation_settings: v.object({ n_ctx: maybe(tokens) }) });
const Version = v.object({ version: v.string() });
const LmStudioModels = v.object({
  data: v.array(
    v.object({
      id: name,
      type: v.string(),
      state: v.string(),
      loaded_context_length: maybe(tokens),
    }),
  ),
});
const OllamaRunning = v.object({
  models: v.array(v.object({ name, context_length: maybe(tokens) })),
});
const OllamaModel = v.object({ capabilities: v.array(v.string()) });
const Completion = v.object({ choices: v.array(v.object({ text: v.string() })) });

/**
 * What kind of server it is and which models it has. Sends nothing of a person's but the token.
 *
 * @throws GemmaError as askJson; `no-model` when it has none
 */
export async function describeServer(
  connection: Connection,
  signal: AbortSignal,
): Promise<ServerDescription> {
  const request = { signal, silenceMs: SILENCE_MS };
  const { data } = await askJson(connection, { ...request, path: '/v1/models' }, Models);
  if (data.length === 0) {
    throw new GemmaError('no-model', `${connection.address.host} has no model. Load one there first.`);
  }
  const models = data.map(({ id }) => id);
  const contexts = new Map<string, number>();
  const ask = <S extends v.GenericSchema>(path: string, schema: S): Promise<v.InferOutput<S> | null> =>
    unlessRefused(askJson(connection, { ...request, path }, schema), 'unauthorized');

  const props = await ask('/props', LlamaProps);
  if (props !== null) {
    const { n_ctx: context } = props.default_generation_settings;
    if (context !== undefined) for (const model of models) contexts.set(model, context);
    return { kind: 'llama.cpp', models, contexts };
  }
  for (const { id, max_model_len: context } of data) if (context !== undefined) contexts.set(id, context);
  if ((await ask('/api/version', Version)) !== null) {
    const running = await ask('/api/ps', OllamaRunning);
    for (const { name: model, context_length: context } of running?.models ?? [])
      if (context !== undefined) contexts.set(model, context);
    return { kind: 'ollama', models, contexts };
  }
  const studio = await ask('/api/v0/models', LmStudioModels);
  if (studio !== null) {
    for (const { id, loaded_context_length: context } of studio.data)
      if (context !== undefined) contexts.set(id, context);
    return { kind: 'lm-studio', models, contexts };
  }
  const isVllm =
    data.some(({ owned_by: owner }) => owner === 'vllm') && (await ask('/version', Version)) !== null;
  return { kind: isVllm ? 'vllm' : 'other', models, contexts };
}

/**
 * The name by which the server knows a model.
 *
 * @param wanted empty: the server's first
 * @throws GemmaError `no-model` when the server doesn't list it
 */
export function chooseModel(host: string, { models }: ServerDescription, wanted: string): string {
  const found =
    wanted === '' ? models[0] : models.find((model) => model === wanted || model === `${wanted}:latest`);
  if (found !== undefined) return found;
  throw new GemmaError('no-model', `${host} has no model “${wanted}”. Choose another.`);
}

export function contextOf({ kind, contexts }: ServerDescription, model: string): number {
  return contexts.get(model) ?? DEFAULT_CONTEXT[kind];
}

/**
 * How the server fills in the middle with one of its models; null: not at all. Where it doesn't tell, it is asked to,
 * with a line of ours.
 *
 * @throws GemmaError `unauthorized`, `cancelled`
 */
export async function fillInOf(
  connection: Connection,
  kind: ServerKind,
  model: string,
  signal: AbortSignal,
): Promise<FillIn | null> {
  const layout = isCodeGemma(model) ? 'codegemma' : null;
  const can = async (path: string, body: object, schema: v.GenericSchema): Promise<boolean> => {
    const request = { path, body, signal, silenceMs: PROBE_SILENCE_MS };
    return (await unlessRefused(askJson(connection, request, schema))) !== null;
  };
  switch (kind) {
    case 'llama.cpp': {
      const probe = { input_prefix: 'a = ', input_suffix: '\n', prompt: '', n_predict: 1 };
      const Infilled = v.object({ content: v.string() });
      return (await can('/infill', { model, ...probe }, Infilled)) ? 'infill' : layout;
    }
    case 'ollama': {
      const request = { path: '/api/show', body: { model }, signal, silenceMs: SILENCE_MS };
      const shown = await unlessRefused(askJson(connection, request, OllamaModel));
      // Without `suffix` it would put its chat template around the prompt.
      return shown?.capabilities.includes('insert') === true ? 'suffix' : null;
    }
    case 'vllm':
    case 'lm-studio':
      return layout;
    case 'other': {
      if (layout !== null) return layout;
      const probe = { model, prompt: 'a = ', suffix: '\n', max_tokens: 1 };
      return (await can('/v1/completions', probe, Completion)) ? 'suffix' : null;
    }
    default:
      return kind satisfies never;
  }
}

/** Null when the server can't do this, in whichever way it says so. */
async function unlessRefused<T>(answer: Promise<T>, ...others: readonly ErrorCode[]): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof GemmaError && (refusals.has(error.code) || others.includes(error.code))) return null;
    throw error;
  }
}
