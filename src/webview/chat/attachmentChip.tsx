import type { ComponentChildren, VNode } from 'preact';
import type { AttachmentView } from '../../protocol/chat.ts';
import { visibleText } from '../ui/visibleText.tsx';
import { useChat } from './context.ts';
import { Icon } from './icons.tsx';

export interface AttachmentChipProps extends Pick<AttachmentView, 'kind' | 'label'> {
  readonly children?: ComponentChildren;
}

/** Something that goes or went with a question. What it is is said where its name alone would not tell. */
export function AttachmentChip({ kind, label, children }: AttachmentChipProps): VNode {
  const { strings } = useChat();
  const word = kind === 'file' || kind === 'selection' ? null : strings.attachmentKinds[kind];
  return (
    <li class={`chip ${kind}`}>
      <Icon name="attach" />
      {word !== null && <span class="chip-kind">{word}</span>}
      <bdi class="chip-label" title={label}>
        {visibleText(label)}
      </bdi>
      {children}
    </li>
  );
}
