import * as v from 'valibot';
import type { CompleteParams, CompleteResult, NoSuggestionReason } from '../protocol/engine.ts';
import { addsHiddenCharacters, isUnprintable } from '../text/hiddenCharacters.ts';
import { lineRefusalsFor } from '../text/lineRefusal.ts';
import { endsInRepetition } from '../text/repetition.ts';
import type { FillIn } from './describeServer.ts';
import { beforeControl, CHARS_PER_TOKEN, codeGemmaText, cursorText } from './fillInPrompt.ts';
import type { CursorText } from './fillInPrompt.ts';
import { askJson } from './http.ts';
import type { Connection } from './http.ts';

export interface CompletionTraits {
  readonly model: string;
  readonly fillIn: FillIn;
  readonly contextTokens: number;
}

/** Of one line. */
const MAX_TOKENS = 64;
/** Nobody waits longer for the rest of a line. */
const SILENCE_MS = 30_000;
/** A longer line is data or minified code; nobody writes it by hand. */
const MAX_LINE_CHARS = 2_000;
/** Of the context, for other open files. */
const NEIGHBORS_SHARE = 1 / 4;

const count = v.fallback(v.pipe(v.number(), v.safeInteger(), v.minValue(0)), 0);

const Infilled = v.object({
  content: v.string(),
  stop_type: v.fallback(v.string(), ''),
  tokens_evaluated: count,
  tokens_predicted: count,
  timings: v.fallback(v.object({ cache_n: count }), { cache_n: 0 }),
});
const Completed = v.object({
  choices: v.pipe(
    v.array(v.object({ text: v.string(), finish_reason: v.nullish(v.string(), '') })),
    v.minLength(1),
  ),
  usage: v.fallback(v.nullable(v.object({ prompt_tokens: count, completion_tokens: count })), null),
});

interface Written {
  readonly text: string;
  /** Whether it was cut at the greatest length. */
  readonly cut: boolean;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly tokens: number;
}

/**
 * The rest of the cursor's line, as the server's model writes it. What is worthless or hides something is refused as
 * that of a model on this machine is.
 *
 * @throws GemmaError as askJson
 */
export async function complete(
  connection: Connection,
  traits: CompletionTraits,
  params: CompleteParams,
  signal: AbortSignal,
): Promise<CompleteResult> {
  const startedAt = performance.now();
  const forced = params.forcedPrefix ?? '';
  const prefix = params.prefix + forced;
  const { suffix } = params;
  const { contextTokens } = traits;
  const by = { model: traits.model, backend: null, confidence: null, prefillMs: 0 };
  const nothing = { text: null, source: null } as const;
  if (prefix.length - prefix.lastIndexOf('\n') - 1 > MAX_LINE_CHARS) {
    const costs = { promptTokens: 0, cachedTokens: 0, tokens: 0, decodeMs: 0 };
    return { ...by, ...nothing, ...costs, reason: 'line-too-long' };
  }
  const neighbors = neighborsOf(params, contextTokens * NEIGHBORS_SHARE * CHARS_PER_TOKEN);
  const cursor = cursorText(
    { prefix, suffix },
    contextTokens * (neighbors.length > 0 ? 1 - NEIGHBORS_SHARE : 1),
  );
  const { text: written, cut, ...counted } = await write(connection, traits, cursor, neighbors, signal);
  const costs = { ...counted, decodeMs: performance.now() - startedAt };
  const text = (/^[^\r\n]*/u.exec(beforeControl(written))?.[0] ?? '').trimEnd();
  const reason = refusalOf(text, cut, prefix, suffix);
  if (reason !== null) return { ...by, ...nothing, ...costs, reason };
  return { ...by, ...costs, text: forced + text, reason, source: 'model' };
}

function refusalOf(text: string, cut: boolean, prefix: string, suffix: string): NoSuggestionReason | null {
  const refused = lineRefusalsFor(prefix, suffix)(text);
  if (refused !== null) return refused;
  if (isUnprintable(text) || addsHiddenCharacters(text, prefix + suffix)) return 'nothing-to-complete';
  if (endsInRepetition(text.match(/\w+|\s+|[^\w\s]/gu) ?? [])) return 'repetition';
  return cut ? 'too-long' : null;
}

/** As many other files as fit `room`, in UTF-16 units. */
function neighborsOf({ neighbors }: CompleteParams, room: number): { readonly text: string }[] {
  let left = room;
  return neighbors.flatMap(({ text }) => {
    if (text.length > left) return [];
    left -= text.length;
    return [{ text }];
  });
}

async function write(
  connection: Connection,
  { model, fillIn }: CompletionTraits,
  cursor: CursorText,
  neighbors: readonly { readonly text: string }[],
  signal: AbortSignal,
): Promise<Written> {
  const request = { signal, silenceMs: SILENCE_MS };
  if (fillIn === 'infill') {
    const body = {
      model,
      input_prefix: cursor.prefix,
      input_suffix: cursor.suffix,
      input_extra: neighbors,
      prompt: '',
      n_predict: MAX_TOKENS,
      temperature: 0,
      cache_prompt: true,
      stop: ['\n'],
    };
    const answer = await askJson(connection, { ...request, path: '/infill', body }, Infilled);
    const { tokens_evaluated: promptTokens, tokens_predicted: tokens, timings } = answer;
    const cachedTokens = Math.min(promptTokens, timings.cache_n);
    return { text: answer.content, cut: answer.stop_type === 'limit', promptTokens, cachedTokens, tokens };
  }
  const body = {
    model,
    ...(fillIn === 'codegemma'
      ? { prompt: codeGemmaText(cursor) }
      : { prompt: cursor.prefix, suffix: cursor.suffix }),
    max_tokens: MAX_TOKENS,
    temperature: 0,
    stop: ['\n', ...(fillIn === 'codegemma' ? ['<|file_separator|>', '<|fim_prefix|>'] : [])],
  };
  const { choices, usage } = await askJson(
    connection,
    { ...request, path: '/v1/completions', body },
    Completed,
  );
  return {
    text: choices[0]?.text ?? '',
    cut: choices[0]?.finish_reason === 'length',
    promptTokens: usage?.prompt_tokens ?? 0,
    cachedTokens: 0,
    tokens: usage?.completion_tokens ?? 0,
  };
}
