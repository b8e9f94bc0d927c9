import type { ChatParams, CountChatParams } from '../protocol/engine.ts';
import type { ServerKind } from './describeServer.ts';

interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** What is peculiar to one server and model. */
export interface ChatTraits {
  readonly kind: ServerKind;
  readonly model: string;
  /** Gemma 1 and 2 have no turn for it, and their templates fail over one: it then stands above the first question. */
  readonly hasSystemTurn: boolean;
}

/** Servers that go on with an answer whose beginning they are given. */
const continues: ReadonlySet<ServerKind> = new Set(['llama.cpp', 'vllm', 'ollama', 'lm-studio']);

/** A conversation as `/v1/chat/completions` takes it, to be answered as a stream. */
export function chatBody(traits: ChatTraits, params: Omit<ChatParams, 'stream'>): object {
  const { kind, model } = traits;
  const { thinking, prefill, maxTokens } = params;
  const { temperature, topK, topP, seed } = params.sampling;
  const isContinued = prefill !== '' && continues.has(kind);
  const messages = messagesOf(traits, params);
  return {
    model,
    messages: isContinued ? [...messages, { role: 'assistant', content: prefill }] : messages,
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: maxTokens,
    temperature,
    top_p: topP,
    seed,
    // Beyond OpenAI's own parameters, which others refuse.
    ...(kind === 'other' ? {} : { top_k: topK }),
    ...(kind === 'llama.cpp' || kind === 'vllm'
      ? { chat_template_kwargs: { enable_thinking: thinking } }
      : {}),
    ...(kind === 'vllm' && isContinued ? { continue_final_message: true, add_generation_prompt: false } : {}),
  };
}

/** All that the model reads, for estimates. */
export function chatText({ system, turns, prefill }: Omit<CountChatParams, 'thinking'>): string {
  return [system, ...turns.map(({ text }) => text), prefill].join('\n');
}

function messagesOf(
  { hasSystemTurn }: ChatTraits,
  { system, turns }: Pick<ChatParams, 'system' | 'turns'>,
): Message[] {
  const isAbove = system.trim() !== '' && !hasSystemTurn;
  const said = turns.map(({ role, text }, i): Message => ({
    role: role === 'user' ? 'user' : 'assistant',
    content: isAbove && i === 0 ? `${system.trim()}\n\n${text}` : text,
  }));
  return system.trim() === '' || isAbove ? said : [{ role: 'system', content: system }, ...said];
}
