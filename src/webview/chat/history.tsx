import type { VNode } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ConversationEntry } from '../../protocol/chat.ts';
import { fill } from '../texts.ts';
import { visibleText } from '../ui/visibleText.tsx';
import { useChat } from './context.ts';
import { IconButton } from './iconButton.tsx';
import { returnFocus } from './returnFocus.ts';
import { TitleBox } from './titleBox.tsx';

export interface HistoryProps {
  /** Null: not told yet. */
  readonly entries: readonly ConversationEntry[] | null;
  /** The conversation that is open. */
  readonly shown: string | null;
  readonly onClose: () => void;
}

/** All conversations, to search, open, rename and delete. Arrows go through them. */
export function History({ entries, shown, onClose }: HistoryProps): VNode {
  const { strings, ask } = useChat();
  const [search, setSearch] = useState('');
  const box = useRef<HTMLInputElement>(null);
  const panel = useRef<HTMLElement>(null);
  useLayoutEffect(() => box.current?.focus(), []);
  // The entry that had the focus may have been deleted.
  useEffect(() => returnFocus(box), [entries]);

  function move(event: KeyboardEvent): void {
    if (event.key === 'Escape') onClose();
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const stops = [box.current, ...(panel.current?.querySelectorAll<HTMLElement>('.entry-open') ?? [])];
    const row = event.target instanceof Element ? event.target.closest('li') : null;
    const now = row === null ? 0 : stops.findIndex((stop) => stop !== null && row.contains(stop));
    stops[Math.min(Math.max(now + step, 0), stops.length - 1)]?.focus();
  }

  return (
    <section class="history" ref={panel} aria-label={strings.history} onKeyDown={move}>
      <header>
        <IconButton icon="back" name={strings.back} onClick={onClose} />
        <h2>{strings.history}</h2>
      </header>
      <input
        class="search"
        ref={box}
        type="search"
        autocomplete="off"
        maxLength={500}
        aria-label={strings.search}
        placeholder={strings.search}
        value={search}
        onInput={({ currentTarget: { value } }) => {
          setSearch(value);
          ask({ type: 'searchConversations', text: value });
        }}
      />
      {entries?.length === 0 && (
        <p class="nothing">{search === '' ? strings.noConversations : strings.nothingFound}</p>
      )}
      <ul class="entries">
        {entries?.map((entry) => (
          <Entry key={entry.id} entry={entry} isShown={entry.id === shown} onOpen={onClose} />
        ))}
      </ul>
    </section>
  );
}

interface EntryProps {
  readonly entry: ConversationEntry;
  readonly isShown: boolean;
  readonly onOpen: () => void;
}

function Entry({ entry: { id, title, time }, isShown, onOpen }: EntryProps): VNode {
  const { strings, formats, ask } = useChat();
  const [isRenaming, setRenaming] = useState(false);
  const open = useRef<HTMLButtonElement>(null);
  const remove = (): void => ask({ type: 'deleteConversation', id });
  if (isRenaming) {
    return (
      <li class="entry">
        <TitleBox
          title={title}
          onEnd={(typed) => {
            setRenaming(false);
            if (typed !== null) ask({ type: 'renameConversation', id, title: typed });
            returnFocus(open);
          }}
        />
      </li>
    );
  }
  return (
    <li class="entry">
      <button
        type="button"
        class="entry-open"
        ref={open}
        aria-label={fill(strings.openConversation, title)}
        aria-current={isShown}
        onClick={() => {
          ask({ type: 'openConversation', id });
          onOpen();
        }}
        onKeyDown={({ key }) => {
          if (key === 'F2') setRenaming(true);
          if (key === 'Delete') remove();
        }}
      >
        <bdi class="entry-title">{visibleText(title)}</bdi>
        <time dateTime={new Date(time).toISOString()}>{formats.moment(time)}</time>
      </button>
      <div class="entry-actions">
        <IconButton icon="edit" name={fill(strings.renameEntry, title)} onClick={() => setRenaming(true)} />
        <IconButton icon="delete" name={fill(strings.deleteConversation, title)} onClick={remove} />
      </div>
    </li>
  );
}
