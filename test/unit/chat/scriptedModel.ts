import type { ChatEngine } from '../../../src/chat/chatEngine.ts';
import type { ChatParams, ChatResult } from '../../../src/protocol/engine.ts';

type Asked = Omit<ChatParams, 'stream'>;

/** About four characters a token, as models have it; a line end is a token of its own. */
export function tokensOf(text: string): number {
  return text.split('\n').reduce((sum, line) => sum + Math.ceil(line.length / 4) + 1, -1);
}

/** A model whose answers are made by `answer`; what it was asked is kept. */
export function scriptedModel(contextTokens: number, answer: (params: Asked) => string = () => 'Yes.') {
  const asked: Asked[] = [];
  const engine: ChatEngine = {
    contextTokens,
    countTokens: async (texts) => texts.map(tokensOf),
    chat: async (params, onText) => {
      asked.push(params);
      const text = answer(params);
      onText({ thought: '', answer: text });
      return result(text);
    },
  };
  return { engine, asked };
}

/** What a request takes of the context, with the longest answer. */
export function tokensOfRequest({ system, turns, maxTokens }: Asked): number {
  return [system, ...turns.map(({ text }) => text)].reduce((sum, text) => sum + tokensOf(text), maxTokens);
}

function result(answer: string): ChatResult {
  return {
    answer,
    thought: '',
    ended: 'stop',
    model: 'scripted',
    backend: 'native',
    promptTokens: 0,
    cachedTokens: 0,
    tokens: 0,
    forwards: 0,
    prefillMs: 0,
    decodeMs: 0,
  };
}
