import type { VNode } from 'preact';
import type { BlockAction } from '../../protocol/chat.ts';

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
export function Markdown({ text }: MarkdownProps): VNode {
  return <p>{text}</p>;
}
