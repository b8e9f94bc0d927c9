import type { VNode } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import type { BlockAction } from '../../protocol/chat.ts';
import { MarkdownBlock } from './markdownBlock.tsx';
import { markdownDocument, type MarkdownDocument } from './document.ts';

export interface MarkdownProps {
  readonly text: string;
  /** The end is still being written: what may yet become something else is held back. */
  readonly isStreaming: boolean;
  /** Names of the actions on code blocks, in the person's language; an action without a name is not offered. */
  readonly blockActions: Readonly<Partial<Record<BlockAction, string>>>;
  /** @param index of the code block in the text, from 0 */
  readonly onBlock: (action: BlockAction, index: number) => void;
  readonly onLink: (url: string) => void;
}

/** What a model wrote. */
export function Markdown(props: MarkdownProps): VNode {
  const latest = useRef(props);
  latest.current = props;
  // Blocks that don't change are not rendered again, so they must not hold on to yesterday's functions.
  const handlers = useMemo(
    () => ({
      onBlock: (action: BlockAction, index: number) => latest.current.onBlock(action, index),
      onLink: (url: string) => latest.current.onLink(url),
    }),
    [],
  );
  const shown = useRef<MarkdownDocument | null>(null);
  const { text, isStreaming, blockActions } = props;
  const { blocks } = (shown.current = markdownDocument(shown.current, text, isStreaming));
  return (
    <div class="markdown">
      {blocks.map((block, index) => (
        <MarkdownBlock
          key={index}
          block={block}
          isOpen={isStreaming && index === blocks.length - 1}
          blockActions={blockActions}
          {...handlers}
        />
      ))}
    </div>
  );
}
