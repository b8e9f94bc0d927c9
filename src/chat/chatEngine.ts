import type { ChatParams, ChatResult } from '../protocol/engine.ts';

export type Turns = ChatParams['turns'];

/** A model that chats, for one request: once that is cancelled, everything here throws `cancelled`. */
export interface ChatEngine {
  /** Longest prompt and answer together, in tokens. */
  readonly contextTokens: number;
  /** Of each text by itself. */
  countTokens(texts: readonly string[]): Promise<readonly number[]>;
  /** @throws GemmaError, `cancelled` among others */
  chat(
    params: Omit<ChatParams, 'stream'>,
    onText: (text: { readonly thought: string; readonly answer: string }) => void,
  ): Promise<ChatResult>;
}
