import type { ChatEngine } from '../../../src/chat/chatEngine.ts';
import type { Attachment } from '../../../src/chat/conversation.ts';
import type { ChatCommands } from '../../../src/extension/commands/chatCommands.ts';
import type { ChatParams } from '../../../src/protocol/engine.ts';

interface Asked {
  readonly text: string;
  readonly attachments: readonly Attachment[];
}

type Answer = (params: Omit<ChatParams, 'stream'>) => string | Promise<string>;

/** A chat that keeps what it is asked, with a model that answers what `answer` says. */
export function scriptedChat(answer: Answer = () => '') {
  const questions: Asked[] = [];
  const chat: ChatCommands = {
    ready: true,
    ask: async (question) => void questions.push(question),
    withEngine: (_signal, work) => work(scriptedEngine(answer)),
  };
  return { chat, questions };
}

function scriptedEngine(answer: Answer): ChatEngine {
  return {
    contextTokens: 8_192,
    countTokens: async (texts) => texts.map(({ length }) => Math.ceil(length / 4)),
    chat: async (params) => ({
      answer: await answer(params),
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
    }),
  };
}
