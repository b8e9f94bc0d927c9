import type { VNode } from 'preact';
import { memo } from 'preact/compat';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FromChat, QuestionView } from '../../protocol/chat.ts';
import type { ChatStrings } from '../../protocol/chatStrings.ts';
import type { Formats } from '../texts.ts';
import { visibleLines, visibleText } from '../ui/visibleText.tsx';
import { Icon, IconButton } from './icons.tsx';

export interface QuestionItemProps {
  readonly question: QuestionView;
  readonly canEdit: boolean;
  readonly strings: ChatStrings;
  readonly formats: Formats;
  readonly ask: (message: FromChat) => void;
}

export const QuestionItem = memo(({ question, canEdit, strings, formats, ask }: QuestionItemProps): VNode => {
  const { id, text, time, attachments } = question;
  const [isEditing, edit] = useState(false);
  if (isEditing) return <Editing question={question} strings={strings} ask={ask} onEnd={() => edit(false)} />;
  return (
    <article class="message question" aria-label={strings.you}>
      {attachments.length > 0 && (
        <ul class="chips" aria-label={strings.attachments}>
          {attachments.map(({ label }, index) => (
            <li class="chip" key={index}>
              <Icon name="attach" />
              <bdi>{visibleText(label)}</bdi>
            </li>
          ))}
        </ul>
      )}
      <div class="question-text">
        <bdi>{visibleLines(text)}</bdi>
      </div>
      <div class="message-actions">
        <time dateTime={new Date(time).toISOString()}>{formats.time(time)}</time>
        <IconButton icon="copy" name={strings.copy} onClick={() => ask({ type: 'copyMessage', id })} />
        {canEdit && <IconButton icon="edit" name={strings.edit} onClick={() => edit(true)} />}
      </div>
    </article>
  );
});

interface EditingProps {
  readonly question: QuestionView;
  readonly strings: ChatStrings;
  readonly ask: (message: FromChat) => void;
  readonly onEnd: () => void;
}

function Editing({ question: { id, text }, strings, ask, onEnd }: EditingProps): VNode {
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    box.current?.focus();
    box.current?.setSelectionRange(text.length, text.length);
  }, [text]);
  const send = (): void => {
    const changed = box.current?.value ?? '';
    if (changed.trim() === '') return;
    onEnd();
    ask({ type: 'resend', id, text: changed });
  };
  return (
    <article class="message question" aria-label={strings.you}>
      <textarea
        ref={box}
        class="edit-box"
        aria-label={strings.edit}
        defaultValue={text}
        rows={Math.min(12, text.split('\n').length + 1)}
        onKeyDown={(event) => {
          if (event.isComposing) return;
          if (event.key === 'Escape') onEnd();
          if (event.key !== 'Enter' || event.shiftKey) return;
          event.preventDefault();
          send();
        }}
      />
      <div class="edit-actions">
        <button type="button" class="button" onClick={send}>
          {strings.send}
        </button>
        <button type="button" class="button secondary" onClick={onEnd}>
          {strings.cancel}
        </button>
      </div>
    </article>
  );
}
