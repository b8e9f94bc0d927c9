import type { VNode } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ConversationView } from '../../protocol/chat.ts';
import { visibleText } from '../ui/visibleText.tsx';
import { useChat } from './context.ts';
import { IconButton } from './iconButton.tsx';
import { returnFocus } from './returnFocus.ts';
import { TitleBox } from './titleBox.tsx';

export interface HeaderProps {
  readonly conversation: ConversationView;
  readonly onHistory: () => void;
  /** The list was open until now: its button gets the focus back. */
  readonly returnsFromHistory: boolean;
}

/** The conversation's name, and what can be done with all of it. */
export function Header({ conversation, onHistory, returnsFromHistory }: HeaderProps): VNode {
  const { strings, ask } = useChat();
  const { id, title, readOnly, messages } = conversation;
  const [isRenaming, setRenaming] = useState(false);
  const renameButton = useRef<HTMLButtonElement>(null);
  const historyButton = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    if (returnsFromHistory) historyButton.current?.focus();
  }, [returnsFromHistory]);
  const shown = title === '' ? strings.newChat : title;

  function endRename(typed: string | null): void {
    setRenaming(false);
    if (id !== null && typed !== null) ask({ type: 'renameConversation', id, title: typed });
    returnFocus(renameButton);
  }

  return (
    <header>
      {isRenaming ? (
        <TitleBox title={title} onEnd={endRename} />
      ) : (
        <h2 title={shown}>
          <bdi>{visibleText(shown)}</bdi>
        </h2>
      )}
      <div class="toolbar">
        {id !== null && !readOnly && !isRenaming && (
          <IconButton
            icon="edit"
            name={strings.rename}
            buttonRef={renameButton}
            onClick={() => setRenaming(true)}
          />
        )}
        {messages.length > 0 && (
          <>
            <IconButton
              icon="copy"
              name={strings.copyConversation}
              onClick={() => ask({ type: 'copyConversation' })}
            />
            <IconButton
              icon="export"
              name={strings.exportConversation}
              onClick={() => ask({ type: 'exportConversation' })}
            />
          </>
        )}
        <IconButton icon="history" name={strings.history} buttonRef={historyButton} onClick={onHistory} />
        <IconButton icon="new" name={strings.newChat} onClick={() => ask({ type: 'newConversation' })} />
      </div>
    </header>
  );
}
