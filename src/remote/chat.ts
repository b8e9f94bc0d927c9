import type { ChatParams, ChatResult } from '../protocol/engine.ts';
import { GemmaError } from '../protocol/errors.ts';
import { chatBody } from './chatRequest.ts';
import type { ChatTraits } from './chatRequest.ts';
import { askEvents } from './http.ts';
import type { Connection } from './http.ts';
import { readChatEvent } from './readChat.ts';
import type { Usage } from './readChat.ts';
import { withoutPrefill } from './withoutPrefill.ts';

export type OnText = (text: { readonly thought: string; readonly answer: string }) => void;

/** A processor may read a long prompt for minutes before the first word. */
const SILENCE_MS = 280_000;
/** After the last word, for what the server counted. */
const COUNTS_MS = 1_000;
/** No tokenizer of a Gemma has longer pieces on average. An answer that is longer than asked for is cut. */
const MAX_CHARS_PER_TOKEN = 32;

/**
 * Has the server write the model's next turn.
 *
 * @throws GemmaError as askEvents; `engine-stopped` when the connection ended in the middle of the answer: what `onText`
 * heard is all there is of it
 */
export async function chat(
  connection: Connection,
  traits: ChatTraits,
  params: Omit<ChatParams, 'stream'>,
  onText: OnText,
  signal: AbortSignal,
): Promise<ChatResult> {
  const { host } = connection.address;
  const startedAt = performance.now();
  let firstAt: number | null = null;
  const said = { thought: '', answer: params.prefill };
  const tell = (thought: string, answer: string): void => {
    if (thought === '' && answer === '') return;
    firstAt ??= performance.now();
    said.thought += thought;
    said.answer += answer;
    onText({ thought, answer });
  };
  let begun = params.prefill === '';
  const begin = (): void => {
    if (!begun) onText({ thought: '', answer: params.prefill });
    begun = true;
  };
  const rest = withoutPrefill(params.prefill);
  const maxChars = params.maxTokens * MAX_CHARS_PER_TOKEN + params.prefill.length;
  let finish: string | null = null;
  let usage: Usage | null = null;
  let pieces = 0;
  const body = chatBody(traits, params);
  const over = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const request = {
    path: '/v1/chat/completions',
    body,
    signal: AbortSignal.any([signal, over.signal]),
    silenceMs: SILENCE_MS,
    tellsWords: true,
  };
  try {
    for await (const data of askEvents(connection, request)) {
      const part = readChatEvent(host, data);
      begin();
      if (part === null) {
        finish ??= 'stop';
        break;
      }
      if (part.thought !== '' || part.answer !== '') pieces++;
      tell(part.thought, rest.push(part.answer));
      usage ??= part.usage;
      finish ??= part.finish;
      if (finish !== null) timer ??= setTimeout(() => over.abort(), COUNTS_MS);
      if (said.thought.length + said.answer.length > maxChars) {
        finish = 'length';
        break;
      }
    }
  } catch (error) {
    const isBroken = error instanceof GemmaError && error.code === 'network' && firstAt !== null;
    // What breaks behind the last word takes nothing away.
    if (signal.aborted || finish === null) throw isBroken ? interrupted(host, error) : error;
  } finally {
    clearTimeout(timer);
  }
  tell('', rest.end());
  if (finish === null) throw interrupted(host);
  const endedAt = performance.now();
  const tokens = usage?.tokens || pieces;
  return {
    ...said,
    ended: endOf(finish, tokens, params.maxTokens),
    model: traits.model,
    backend: null,
    promptTokens: usage?.promptTokens ?? 0,
    cachedTokens: usage?.cachedTokens ?? 0,
    tokens,
    forwards: tokens,
    prefillMs: (firstAt ?? endedAt) - startedAt,
    decodeMs: endedAt - (firstAt ?? endedAt),
  };
}

/** A server says `length` for both limits: that of the answer and that of the context. */
function endOf(finish: string, tokens: number, maxTokens: number): ChatResult['ended'] {
  if (finish !== 'length') return 'stop';
  return tokens < maxTokens ? 'context' : 'limit';
}

function interrupted(host: string, cause?: GemmaError): GemmaError {
  return new GemmaError('engine-stopped', `The connection to ${host} ended in the middle of the answer.`, {
    cause,
  });
}
