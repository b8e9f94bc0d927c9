import type { VNode } from 'preact';
import { useCallback, useRef, useState } from 'preact/hooks';
import type { FromChat } from '../../protocol/chat.ts';
import { Formats } from '../texts.ts';
import { Announcer } from './announcer.tsx';
import { Composer } from './composer.tsx';
import type { ComposerHandle } from './composer.tsx';
import { ConversationList } from './conversationList.tsx';
import { Header } from './header.tsx';
import { MessageList } from './messageList.tsx';
import type { ChatState } from './state.ts';
import { Welcome } from './welcome.tsx';

export interface AppProps {
  readonly state: ChatState;
  readonly ask: (message: FromChat) => void;
}

/** The page, as far as it has been told what to show. */
export function App({ state, ask }: AppProps): VNode | null {
  const { strings, model, conversation, composer, language, list, slashCommands, choices, draft } = state;
  const [showsList, showList] = useState(false);
  const box = useRef<ComposerHandle>(null);
  const formats = useFormats(language);
  const closeList = useCallback(() => {
    showList(false);
    box.current?.focus();
  }, []);
  if (strings === null || model === null || conversation === null) return null;
  const { messages } = conversation;
  const isEmpty = messages.length === 0;
  return (
    <main class="chat">
      <Header
        conversation={conversation}
        strings={strings}
        showsList={showsList}
        onToggleList={() => showList(!showsList)}
        ask={ask}
      />
      {showsList ? (
        <ConversationList
          list={list}
          current={conversation.id}
          strings={strings}
          formats={formats}
          ask={ask}
          onClose={closeList}
        />
      ) : isEmpty ? (
        <Welcome model={model} strings={strings} ask={ask} onExample={(text) => box.current?.fill(text)} />
      ) : (
        <MessageList
          key={conversation.id}
          messages={messages}
          isBusy={composer.running}
          isReadOnly={conversation.readOnly}
          strings={strings}
          formats={formats}
          ask={ask}
        />
      )}
      {conversation.readOnly ? (
        <p class="notice" role="note">
          {strings.readOnly}
        </p>
      ) : (
        <Composer
          handle={box}
          composer={composer}
          model={model}
          slashCommands={slashCommands}
          choices={choices}
          wanted={draft}
          lastQuestion={messages.findLast(({ role }) => role === 'user')?.text ?? ''}
          strings={strings}
          formats={formats}
          ask={ask}
        />
      )}
      <Announcer message={messages.at(-1)} strings={strings} />
    </main>
  );
}

function useFormats(language: string): Formats {
  const formats = useRef<{ readonly language: string; readonly formats: Formats }>(undefined);
  if (formats.current?.language !== language) formats.current = { language, formats: new Formats(language) };
  return formats.current.formats;
}
