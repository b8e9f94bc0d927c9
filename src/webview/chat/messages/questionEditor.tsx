import type { VNode } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { MAX_QUESTION_CHARS } from '../../../protocol/chat.ts';
import { useChat } from '../context.ts';
import { GrowingBox } from '../growingBox.tsx';

export interface QuestionEditorProps {
  readonly text: string;
  /** @param text null: it stays as it is */
  readonly onEnd: (text: string | null) => void;
}

/** A question in the place where it stands, to be asked with other words. */
export function QuestionEditor({ text, onEnd }: QuestionEditorProps): VNode {
  const { strings } = useChat();
  const [typed, setTyped] = useState(text);
  const box = useRef<HTMLTextAreaElement>(null);
  const isSendable = typed.trim() !== '' && typed.length <= MAX_QUESTION_CHARS;
  useLayoutEffect(() => {
    box.current?.focus();
    box.current?.setSelectionRange(text.length, text.length);
  }, [text]);
  return (
    <form
      class="editor"
      onSubmit={(event) => {
        event.preventDefault();
        if (isSendable) onEnd(typed);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.isComposing) onEnd(null);
      }}
    >
      <GrowingBox
        boxRef={box}
        aria-label={strings.editBox}
        value={typed}
        onText={setTyped}
        onEnter={() => isSendable && onEnd(typed)}
      />
      <div class="buttons">
        <button type="button" class="secondary" onClick={() => onEnd(null)}>
          {strings.cancel}
        </button>
        <button type="submit" class="primary" disabled={!isSendable}>
          {strings.resend}
        </button>
      </div>
    </form>
  );
}
