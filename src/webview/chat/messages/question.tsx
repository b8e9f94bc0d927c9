import type { VNode } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { QuestionView } from '../../../protocol/chat.ts';
import { visibleLines } from '../../ui/visibleText.tsx';
import { AttachmentChip } from '../attachmentChip.tsx';
import { useChat } from '../context.ts';
import { IconButton } from '../iconButton.tsx';
import { returnFocus } from '../returnFocus.ts';
import { QuestionEditor } from './questionEditor.tsx';

export interface QuestionProps {
  readonly question: QuestionView;
  readonly canChange: boolean;
}

/** What a person asked, and with which files; it can be asked anew with other words. */
export function Question({ question: { id, text, attachments }, canChange }: QuestionProps): VNode {
  const { strings, ask } = useChat();
  const [isEditing, setEditing] = useState(false);
  const edit = useRef<HTMLButtonElement>(null);
  function endEdit(typed: string | null): void {
    setEditing(false);
    if (typed !== null) ask({ type: 'resend', id, text: typed });
    returnFocus(edit);
  }
  return (
    <li class="message question">
      <h3 class="visually-hidden">{strings.you}</h3>
      {isEditing && canChange ? (
        <QuestionEditor text={text} onEnd={endEdit} />
      ) : (
        <div class="asked">
          {canChange && (
            <div class="actions">
              <IconButton icon="edit" name={strings.edit} buttonRef={edit} onClick={() => setEditing(true)} />
            </div>
          )}
          <div class="bubble" dir="auto">
            {visibleLines(text)}
          </div>
        </div>
      )}
      {attachments.length > 0 && (
        <ul class="chips" aria-label={strings.attachments}>
          {attachments.map(({ kind, label }, index) => (
            <AttachmentChip key={index} kind={kind} label={label} />
          ))}
        </ul>
      )}
    </li>
  );
}
