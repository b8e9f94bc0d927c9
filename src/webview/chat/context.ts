import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { FromChat } from '../../protocol/chat.ts';
import type { ChatStrings } from '../../protocol/chatStrings.ts';
import type { Formats } from '../texts.ts';

/** What every part of the page needs. */
export interface Chat {
  readonly strings: ChatStrings;
  readonly formats: Formats;
  readonly ask: (message: FromChat) => void;
}

export const ChatContext = createContext<Chat | null>(null);

/** @throws {Error} outside of the page's own tree */
export function useChat(): Chat {
  const chat = useContext(ChatContext);
  if (chat === null) throw new Error('There is no chat around this part of the page.');
  return chat;
}
