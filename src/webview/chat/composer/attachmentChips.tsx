import type { VNode } from 'preact';
import type { AttachmentView } from '../../../protocol/chat.ts';
import { fill } from '../../texts.ts';
import { AttachmentChip } from '../attachmentChip.tsx';
import { useChat } from '../context.ts';
import { IconButton } from '../iconButton.tsx';

export interface AttachmentChipsProps {
  readonly attachments: readonly AttachmentView[];
  readonly onDetached: () => void;
}

/** What goes with the next question. */
export function AttachmentChips({ attachments, onDetached }: AttachmentChipsProps): VNode | null {
  const { strings, formats, ask } = useChat();
  if (attachments.length === 0) return null;
  return (
    <ul class="chips" aria-label={strings.attachments}>
      {attachments.map(({ id, kind, label, tokens }) => (
        <AttachmentChip key={id} kind={kind} label={label}>
          {tokens !== null && <span class="chip-tokens">{fill(strings.tokens, formats.count(tokens))}</span>}
          <IconButton
            icon="close"
            name={fill(strings.detach, label)}
            onClick={() => {
              ask({ type: 'detach', id });
              onDetached();
            }}
          />
        </AttachmentChip>
      ))}
    </ul>
  );
}
