import * as v from 'valibot';
import { GemmaError } from '../protocol/errors.ts';
import { complaintOf } from './remoteErrors.ts';

/** What one event adds to an answer. */
export interface ChatPart {
  readonly thought: string;
  readonly answer: string;
  /** Why it ended, where it does. */
  readonly finish: string | null;
  /** What the server counted; it comes once, at the end. */
  readonly usage: Usage | null;
}

export interface Usage {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly tokens: number;
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const text = v.nullish(v.string(), '');
/** vLLM and Ollama call it `reasoning`, llama.cpp and others `reasoning_content`. */
const Said = v.object({
  content: text,
  reasoning_content: text,
  reasoning: text,
});
const Choice = v.object({
  delta: v.nullish(Said),
  /** Of a server that doesn't stream. */
  message: v.nullish(Said),
  finish_reason: v.nullish(v.string(), null),
});
const Counted = v.object({
  prompt_tokens: count,
  completion_tokens: v.optional(count, 0),
  prompt_tokens_details: v.nullish(v.object({ cached_tokens: v.nullish(count) })),
});
const Chunk = v.object({
  choices: v.nullish(v.array(Choice)),
  usage: v.fallback(v.nullish(Counted), null),
  /** Of llama.cpp. */
  timings: v.fallback(v.nullish(v.object({ cache_n: v.nullish(count) })), null),
});

/**
 * Reads the data of one event of `/v1/chat/completions`; null: the answer is complete.
 *
 * @throws GemmaError `network` with what the server says when it failed; `protocol`
 */
export function readChatEvent(host: string, data: string): ChatPart | null {
  if (data.trim() === '[DONE]') return null;
  const nothing: ChatPart = { thought: '', answer: '', finish: null, usage: null };
  if (data.trim() === '') return nothing;
  const value = parsed(data);
  if (isFailure(value)) {
    const words = complaintOf(value);
    throw new GemmaError(
      'network',
      `${host} failed while it answered.${words === '' ? '' : ` It says: ${words}`}`,
    );
  }
  const { success, output } = v.safeParse(Chunk, value);
  if (!success)
    throw new GemmaError('protocol', `${host} does not answer as an OpenAI-compatible server does.`);
  const usage = usageOf(output);
  const [choice] = output.choices ?? [];
  if (choice === undefined) return { ...nothing, usage };
  const said = choice.delta ?? choice.message;
  const thought = said?.reasoning_content || said?.reasoning || '';
  return { thought, answer: said?.content ?? '', finish: choice.finish_reason, usage };
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

function isFailure(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'error' in value && Boolean(value.error);
}

function usageOf({ usage, timings }: v.InferOutput<typeof Chunk>): Usage | null {
  if (usage === null || usage === undefined) return null;
  const { prompt_tokens: promptTokens, completion_tokens: tokens, prompt_tokens_details: details } = usage;
  const cachedTokens = Math.min(promptTokens, details?.cached_tokens ?? timings?.cache_n ?? 0);
  return { promptTokens, cachedTokens, tokens };
}
