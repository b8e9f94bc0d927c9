import type { VNode } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { FromChat } from '../../protocol/chat.ts';
import { Formats } from '../texts.ts';
import { Announcer } from './announcer.tsx';
import { Composer } from './composer/composer.tsx';
import { ChatContext, type Chat } from './context.ts';
import { DropArea } from './dropArea.tsx';
import { Header } from './header.tsx';
import { History } from './history.tsx';
import { MessageList } from './messages/messageList.tsx';
import type { ChatState } from './state.ts';
import { Welcome } from './welcome.tsx';

export interface AppProps {
  readonly state: ChatState;
  readonly ask: (message: FromChat) => void;
  /** Puts a text into the box and the focus with it. */
  readonly fillBox: (text: string) => void;
}

/** The page, as far as it has been told what to show. */
export function App({ state, ask, fillBox }: AppProps): VNode | null {
  const { strings, language, model, conversation } = state;
  const { inserted } = state;
  // What is put into the box closes the list, which would hide it.
  const [list, setList] = useState<{ readonly opened: typeof inserted; readonly isOpen: boolean } | null>(
    null,
  );
  const isListing = list?.isOpen === true && list.opened === inserted;
  const formats = useMemo(() => new Formats(language), [language]);
  const chat = useMemo<Chat | null>(
    () => (strings === null ? null : { strings, formats, ask }),
    [strings, formats, ask],
  );
  if (chat === null || model === null) return null;

  function openList(): void {
    setList({ opened: inserted, isOpen: true });
    ask({ type: 'searchConversations', text: '' });
  }

  return (
    <ChatContext.Provider value={chat}>
      {isListing && (
        <History
          entries={state.list?.entries ?? null}
          shown={conversation.id}
          onClose={() => setList({ opened: inserted, isOpen: false })}
        />
      )}
      <DropArea hidden={isListing}>
        <Header
          conversation={conversation}
          onHistory={openList}
          returnsFromHistory={list?.isOpen === false}
        />
        {conversation.messages.length === 0 ? (
          <Welcome model={model} readOnly={conversation.readOnly} fillBox={fillBox} />
        ) : (
          <MessageList conversation={conversation} running={state.composer.running} />
        )}
        <Composer state={state} model={model} />
      </DropArea>
      <Announcer conversation={conversation} />
    </ChatContext.Provider>
  );
}
