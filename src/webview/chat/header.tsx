import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ConversationView, FromChat } from '../../protocol/chat.ts';
import type { ChatStrings } from '../../protocol/chatStrings.ts';
import { visibleText } from '../ui/visibleText.tsx';
import { IconButton } from './icons.tsx';

export interface HeaderProps {
  readonly conversation: ConversationView;
  readonly strings: ChatStrings;
  readonly showsList: boolean;
  readonly onToggleList: () => void;
  readonly ask: (message: FromChat) => void;
}

/** Which conversation this is, and what can be done with it as a whole. */
export function Header({ conversation, strings, showsList, onToggleList, ask }: HeaderProps): VNode {
  const { id, title, readOnly, messages } = conversation;
  const [isRenaming, rename] = useState(false);
  const isEmpty = messages.length === 0;
  const finish = (name: string | null): void => {
    rename(false);
    if (name !== null && id !== null) ask({ type: 'renameConversation', id, title: name });
  };
  return (
    <header>
      {isRenaming ? (
        <NameBox label={strings.rename} name={title} onEnd={finish} />
      ) : (
        <h1>
          <bdi>{visibleText(title)}</bdi>
        </h1>
      )}
      <div class="header-actions">
        {id !== null && !readOnly && !isRenaming && (
          <IconButton icon="edit" name={strings.rename} onClick={() => rename(true)} />
        )}
        {!isEmpty && (
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
        <IconButton icon="history" name={strings.history} expanded={showsList} onClick={onToggleList} />
        <IconButton icon="add" name={strings.newChat} onClick={() => ask({ type: 'newConversation' })} />
      </div>
    </header>
  );
}

export interface NameBoxProps {
  readonly label: string;
  readonly name: string;
  /** @param name null: it stays as it was */
  readonly onEnd: (name: string | null) => void;
}

/** A name that is being changed; Enter takes it, Escape leaves it. */
export function NameBox({ label, name, onEnd }: NameBoxProps): VNode {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => box.current?.select(), []);
  return (
    <input
      ref={box}
      class="name-box"
      aria-label={label}
      defaultValue={name}
      maxLength={200}
      onBlur={() => onEnd(null)}
      onKeyDown={(event) => {
        if (event.isComposing) return;
        if (event.key === 'Enter') onEnd(event.currentTarget.value.trim() || null);
        if (event.key === 'Escape') onEnd(null);
        event.stopPropagation();
      }}
    />
  );
}
