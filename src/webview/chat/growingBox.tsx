import type { RefObject, TextareaHTMLAttributes, VNode } from 'preact';

export interface GrowingBoxProps extends Omit<TextareaHTMLAttributes, 'value' | 'onInput'> {
  readonly boxRef: RefObject<HTMLTextAreaElement | null>;
  readonly value: string;
  readonly onText: (text: string) => void;
  /** Enter was pressed, to end and not to begin a line, and not for an input method. */
  readonly onEnter: () => void;
  /** Takes keys before Enter is looked at; true: this one is taken. */
  readonly onKey?: (event: KeyboardEvent) => boolean;
}

/** Where text of several lines is typed: as high as its text, within what the style allows. */
export function GrowingBox({ boxRef, value, onText, onEnter, onKey, ...others }: GrowingBoxProps): VNode {
  return (
    <textarea
      {...others}
      ref={boxRef}
      rows={1}
      dir="auto"
      spellcheck={false}
      value={value}
      onInput={({ currentTarget }) => onText(currentTarget.value)}
      onKeyDown={(event) => {
        // Chromium ends a composition with a key of this code, no longer composing.
        if (event.isComposing || event.keyCode === 229) return;
        if (onKey?.(event) === true) {
          event.preventDefault();
          return;
        }
        if (event.key !== 'Enter' || event.shiftKey || event.altKey) return;
        event.preventDefault();
        onEnter();
      }}
    />
  );
}
