import type { ChatParams, ChatResult } from '../../protocol/engine.ts';
import { GemmaError } from '../../protocol/errors.ts';
import type { Turn } from '../kv/turn.ts';
import type { ChatFormat, Conversation } from '../prompt/chatFormat.ts';
import { Sampler } from '../sampling/sampler.ts';
import type { Answers } from './answers.ts';
import { Decoder } from './decoder.ts';
import type { OnText } from './engine.ts';
import { PromptLookup } from './promptLookup.ts';
import type { CompletionModel } from './readByModel.ts';

/** A loaded model that was tuned for conversations. */
export interface ChatModel extends CompletionModel {
  /** Of a conversation: more than a completion gets, because it grows from turn to turn. */
  readonly contextTokens: number;
  readonly chat: ChatFormat;
  /** Tokens of the answers it gave. */
  readonly answers: Answers;
}

/**
 * Writes the model's next turn, telling `onText` as it goes.
 *
 * @throws GemmaError `bad-input` when the conversation leaves no room for an answer; `cancelled`
 */
export async function generateText(
  model: ChatModel,
  params: ChatParams,
  onText: OnText,
  turn: Turn,
): Promise<ChatResult> {
  const start = performance.now();
  const { tokens: prompt, prefilled } = model.chat.prompt(conversationOf(model, params), params.prefill);
  const room = model.contextTokens - prompt.length;
  if (room < 1) {
    throw new GemmaError(
      'bad-input',
      `The conversation has ${prompt.length} tokens; the model's context holds ${model.contextTokens}. Remove something.`,
    );
  }
  const { sequence, cachedTokens, logits } = await model.cache.prefill(prompt, turn, model.contextTokens);
  const prefillMs = performance.now() - start;
  // The rest of the time the cache may be asked for other sequences, between two steps.
  model.cache.pin(sequence);
  const decoder = new Decoder(
    sequence,
    logits.length,
    new PromptLookup(prompt, model.backend, model.manifest.quantization),
  );
  const stream = model.chat.answer();
  const text = { thought: '', answer: '' };
  const tell = (part: { readonly thought: string; readonly answer: string }): void => {
    if (part.thought === '' && part.answer === '') return;
    text.thought += part.thought;
    text.answer += part.answer;
    onText(part);
  };
  const { tokenizer, chat } = model;
  const isAllowed = (token: number): boolean =>
    token < tokenizer.size && (!tokenizer.isControl(token) || chat.stops.has(token) || chat.isBorder(token));
  const sampler = new Sampler(params.sampling, isAllowed);
  const written: number[] = [];
  let ended: ChatResult['ended'] = 'limit';
  try {
    for (const token of prefilled) tell(stream.push(token));
    let row = logits;
    while (written.length < params.maxTokens) {
      const token = sampler.draw(row);
      if (chat.stops.has(token)) {
        ended = 'stop';
        break;
      }
      written.push(token);
      tell(stream.push(token));
      if (written.length === room) {
        ended = 'context';
        break;
      }
      if (written.length < params.maxTokens) row = await decoder.next(token, turn);
    }
    tell(stream.end());
  } finally {
    decoder.settle();
    model.cache.unpin(sequence);
  }
  model.answers.remember(text.answer, [...prefilled, ...written]);
  return {
    ...text,
    ended,
    model: model.manifest.name,
    backend: model.backend,
    promptTokens: prompt.length,
    cachedTokens,
    tokens: written.length,
    forwards: decoder.forwards,
    prefillMs,
    decodeMs: performance.now() - start - prefillMs,
  };
}

function conversationOf(model: ChatModel, { system, thinking, turns }: ChatParams): Conversation {
  return {
    system,
    thinking,
    turns: turns.map(({ role, text }) => {
      if (role === 'user') return { role, text };
      const tokens = model.answers.tokensOf(text);
      return tokens === undefined ? { role, text } : { role, tokens };
    }),
  };
}
