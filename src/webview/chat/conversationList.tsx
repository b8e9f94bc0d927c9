import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ConversationEntry, FromChat } from '../../protocol/chat.ts';
import type { ChatStrings } from '../../protocol/chatStrings.ts';
import type { Formats } from '../texts.ts';
import { visibleText } from '../ui/visibleText.tsx';
import { NameBox } from './header.tsx';
import { IconButton } from './icons.tsx';

export interface ConversationListProps {
  readonly list: { readonly search: string; readonly entries: readonly ConversationEntry[] };
  readonly current: string | null;
  readonly strings: ChatStrings;
  readonly formats: Formats;
  readonly ask: (message: FromChat) => void;
  readonly onClose: () => void;
}

/** Earlier conversations. Arrows walk through them, F2 renames, Delete deletes, Escape closes. */
export function ConversationList({
  list,
  current,
  strings,
  formats,
  ask,
  onClose,
}: ConversationListProps): VNode {
  const search = useRef<HTMLInputElement>(null);
  const [renamed, rename] = useState<string | null>(null);
  useEffect(() => search.current?.focus(), []);
  const open = (id: string): void => {
    ask({ type: 'openConversation', id });
    onClose();
  };
  const remove = (id: string): void => ask({ type: 'deleteConversation', id });
  return (
    <section
      class="conversations"
      aria-label={strings.conversations}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
        if (event.key === 'ArrowDown' || event.key === 'ArrowUp') walk(event);
      }}
    >
      <div class="search-row">
        <input
          ref={search}
          type="search"
          aria-label={strings.search}
          placeholder={strings.search}
          defaultValue={list.search}
          onInput={({ currentTarget }) => ask({ type: 'searchConversations', text: currentTarget.value })}
        />
        <IconButton icon="close" name={strings.close} onClick={onClose} />
      </div>
      {list.entries.length === 0 ? (
        <p class="empty">{list.search === '' ? strings.noConversations : strings.nothingFound}</p>
      ) : (
        <ul>
          {list.entries.map(({ id, title, time }) =>
            renamed === id ? (
              <li key={id}>
                <NameBox
                  label={strings.rename}
                  name={title}
                  onEnd={(name) => {
                    rename(null);
                    if (name !== null) ask({ type: 'renameConversation', id, title: name });
                  }}
                />
              </li>
            ) : (
              <li key={id} class="entry">
                <button
                  type="button"
                  class="entry-open"
                  aria-current={id === current}
                  onClick={() => open(id)}
                  onKeyDown={({ key }) => {
                    if (key === 'F2') rename(id);
                    if (key === 'Delete') remove(id);
                  }}
                >
                  <bdi class="entry-title">{visibleText(title)}</bdi>
                  <time dateTime={new Date(time).toISOString()}>{formats.date(time)}</time>
                </button>
                <IconButton icon="edit" name={strings.rename} onClick={() => rename(id)} />
                <IconButton icon="trash" name={strings.delete} onClick={() => remove(id)} />
              </li>
            ),
          )}
        </ul>
      )}
    </section>
  );
}

/** From one entry, or the search box, to the next. */
function walk(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const places = [...event.currentTarget.querySelectorAll<HTMLElement>('input[type=search], .entry-open')];
  const at = places.findIndex((place) => place === document.activeElement);
  const next = places[at + (event.key === 'ArrowDown' ? 1 : -1)];
  if (at < 0 || next === undefined) return;
  event.preventDefault();
  next.focus();
}
