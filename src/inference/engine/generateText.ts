import type { ChatParams, ChatResult, CountChatParams } from '../../protocol/engine.ts';
import { GemmaError } from '../../protocol/errors.ts';
import type { Turn } from '../kv/turn.ts';
import type { ChatFormat, ChatPrompt, Conversation } from '../prompt/chatFormat.ts';
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
  const { tokens: prompt, prefilled, stem } = promptOf(model, params);
  const room = model.contextTokens - prompt.length;
  if (room < 1) {
    throw new GemmaError(
      'bad-input',
      `The conversation has ${prompt.length} tokens; the model's context holds ${model.contextTokens}. Remove something.`,
    );
  }
  const { sequence, cachedTokens, logits } = await model.cache.prefill(prompt, turn, {
    capacity: model.contextTokens,
    stem,
  });
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
  const tokens: number[] = [];
  const ends: number[] = [];
  const tellToken = (token: number): void => {
    tell(stream.push(token));
    tokens.push(token);
    ends.push(text.answer.length);
  };
  let ended: ChatResult['ended'] = 'limit';
  try {
    for (const token of prefilled) tellToken(token);
    let row = logits;
    while (written.length < params.maxTokens) {
      const token = sampler.draw(row);
      if (chat.stops.has(token)) {
        ended = 'stop';
        break;
      }
      written.push(token);
      tellToken(token);
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
    // Also of a stopped answer: the conversation may go on from it.
    model.answers.remember({ text: text.answer, tokens, ends });
  }
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

/** What the model is shown. @throws GemmaError as ChatFormat.prompt */
export function promptOf(model: ChatModel, params: CountChatParams): ChatPrompt {
  return model.chat.prompt(conversationOf(model, params), params.prefill);
}

/**
 * Prefills an answered conversation, so that the next question costs itself alone: after an answer with thoughts, which
 * are no part of what the model is shown again.
 *
 * @throws GemmaError `cancelled`
 */
export async function prepareQuestion(model: ChatModel, params: CountChatParams, turn: Turn): Promise<void> {
  const { tokens, stem } = model.chat.past(conversationOf(model, params));
  const capacity = model.contextTokens;
  if (tokens.length < capacity) await model.cache.prefill(tokens, turn, { capacity, stem });
}

function conversationOf(
  { answers }: ChatModel,
  { system, thinking, turns }: Omit<CountChatParams, 'prefill'>,
): Conversation {
  const told = turns.map(({ role, text }) => {
    if (role === 'user') return { role, text };
    const tokens = answers.tokensOf(text);
    return tokens === undefined ? { role, text } : { role, tokens };
  });
  return { system, thinking, turns: told };
}
