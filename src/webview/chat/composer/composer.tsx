import type { VNode } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { ModelView } from '../../../protocol/chat.ts';
import { visibleText } from '../../ui/visibleText.tsx';
import { useChat } from '../context.ts';
import { GrowingBox } from '../growingBox.tsx';
import { IconButton } from '../iconButton.tsx';
import { Icon } from '../icons.tsx';
import { lastQuestion, type ChatState } from '../state.ts';
import { AttachmentChips } from './attachmentChips.tsx';
import { whyNot } from './availability.ts';
import { ChoiceList, optionId, type ListedChoice } from './choiceList.tsx';
import { useChoosing } from './choosing.ts';
import { ContextMeter } from './contextMeter.tsx';
import { useDraft } from './draft.ts';
import { ModelButton } from './modelButton.tsx';
import { beginAttachment, replaceTrigger } from './trigger.ts';

export interface ComposerProps {
  readonly state: ChatState;
  readonly model: ModelView;
}

/** Where questions are typed, with what goes with them. */
export function Composer({ state, model }: ComposerProps): VNode {
  const { strings, ask } = useChat();
  const { conversation, composer, inserted } = state;
  const { running } = composer;
  const [text, setText] = useDraft();
  const [caret, setCaret] = useState(0);
  const box = useRef<HTMLTextAreaElement>(null);
  const nextCaret = useRef<number | null>(null);
  const listId = useId();
  const noteId = useId();
  const choosing = useChoosing(state, text, caret);
  const reason = whyNot(model, conversation.readOnly, text, strings);
  const note = reason ?? (model.state === 'busy' ? model.sentence : null);
  const isOff = conversation.readOnly || model.state === 'none';
  const canSend = reason === null && text.trim() !== '';

  function type(next: string, at = next.length): void {
    nextCaret.current = at;
    setText(next);
    setCaret(at);
    box.current?.focus();
  }

  useEffect(() => {
    if (inserted === null) return;
    const { text: given, focus } = inserted;
    if (given === null) box.current?.focus();
    else if (focus) type(given);
    else setText(given);
  }, [inserted]);
  useEffect(() => {
    if (!isOff) box.current?.focus();
  }, [conversation.id, isOff]);
  useEffect(() => {
    const at = nextCaret.current;
    nextCaret.current = null;
    if (at !== null) box.current?.setSelectionRange(at, at);
  });

  function send(): void {
    if (running || !canSend) return;
    ask({ type: 'send', text });
    type('');
  }

  function pick({ id }: ListedChoice): void {
    if (choosing === null) return;
    const isCommand = choosing.trigger.kind === 'command';
    if (!isCommand) ask({ type: 'attach', id });
    const next = replaceTrigger(text, choosing.trigger, isCommand ? `/${id} ` : '');
    type(next.text, next.caret);
  }

  function offerAttachments(): void {
    const next = beginAttachment(text, caret);
    type(next.text, next.caret);
  }

  function onKey({ key, shiftKey }: KeyboardEvent): boolean {
    if (choosing !== null) {
      const chosen = choosing.choices[choosing.active];
      if (key === 'ArrowDown') choosing.move(1);
      else if (key === 'ArrowUp') choosing.move(-1);
      else if (key === 'Escape') choosing.dismiss();
      else if ((key === 'Enter' || key === 'Tab') && !shiftKey && chosen !== undefined) pick(chosen);
      else return false;
      return true;
    }
    if (key !== 'ArrowUp' || text !== '') return false;
    type(lastQuestion(conversation.messages));
    return true;
  }

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        if (running) ask({ type: 'stop' });
        else send();
      }}
    >
      {conversation.readOnly && <p class="banner">{strings.readOnly}</p>}
      {!conversation.readOnly && note !== null && (
        <p class={`reason ${model.state}`} id={noteId}>
          {visibleText(note)}
        </p>
      )}
      {choosing !== null && (
        <ChoiceList
          listId={listId}
          name={choosing.trigger.kind === 'command' ? strings.slashChoices : strings.attachmentChoices}
          choices={choosing.choices}
          active={choosing.active}
          onPick={pick}
        />
      )}
      <div class={isOff ? 'box off' : 'box'}>
        <AttachmentChips attachments={composer.attachments} onDetached={() => box.current?.focus()} />
        <GrowingBox
          boxRef={box}
          value={text}
          disabled={isOff}
          placeholder={strings.placeholder}
          aria-label={strings.box}
          aria-describedby={note === null || conversation.readOnly ? undefined : noteId}
          aria-autocomplete="list"
          {...(choosing === null
            ? {}
            : {
                'aria-haspopup': 'listbox' as const,
                'aria-controls': listId,
                'aria-activedescendant': optionId(listId, choosing.active),
              })}
          onText={(next) => {
            setText(next);
            setCaret(box.current?.selectionStart ?? next.length);
          }}
          onSelect={() => setCaret(box.current?.selectionStart ?? 0)}
          onKey={onKey}
          onEnter={send}
        />
        <div class="composer-footer">
          {!isOff && <IconButton icon="attach" name={strings.attach} onClick={offerAttachments} />}
          <ModelButton model={model} />
          <ContextMeter context={composer.context} />
          <button
            type="submit"
            class="send"
            aria-label={running ? strings.stop : strings.send}
            title={running ? strings.stop : strings.send}
            aria-disabled={!running && !canSend}
          >
            <Icon name={running ? 'stop' : 'send'} />
          </button>
        </div>
      </div>
    </form>
  );
}
