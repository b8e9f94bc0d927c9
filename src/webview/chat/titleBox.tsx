import type { VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { useChat } from './context.ts';

/** As long as the extension takes one. */
const MAX_TITLE_CHARS = 200;

export interface TitleBoxProps {
  readonly title: string;
  /** @param title null: it stays as it is */
  readonly onEnd: (title: string | null) => void;
}

/** Where a title is typed: Enter takes it, Escape and leaving don't change it. */
export function TitleBox({ title, onEnd }: TitleBoxProps): VNode {
  const { strings } = useChat();
  const box = useRef<HTMLInputElement>(null);
  // At once, so that the next key is not lost.
  useLayoutEffect(() => {
    box.current?.focus();
    box.current?.select();
  }, []);
  return (
    <input
      class="title-box"
      ref={box}
      autocomplete="off"
      aria-label={strings.renameBox}
      maxLength={MAX_TITLE_CHARS}
      defaultValue={title}
      onBlur={() => onEnd(null)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.isComposing) return;
        const typed = event.currentTarget.value.trim();
        if (event.key === 'Enter') onEnd(typed === '' || typed === title ? null : typed);
        if (event.key === 'Escape') onEnd(null);
      }}
    />
  );
}
