import { Component, type ComponentChildren } from 'preact';
import { CodeBlock } from '../code/codeBlock.tsx';
import type { Block } from './document.ts';
import type { MarkdownProps } from './markdown.tsx';
import { renderTokens } from './renderTokens.tsx';

export interface MarkdownBlockProps extends Pick<MarkdownProps, 'blockActions' | 'onBlock' | 'onLink'> {
  readonly block: Block;
  /** It may still grow. */
  readonly isOpen: boolean;
}

/** Rendered again only when it looks different. */
export class MarkdownBlock extends Component<MarkdownBlockProps> {
  override shouldComponentUpdate(next: MarkdownBlockProps): boolean {
    const { block, isOpen, blockActions } = this.props;
    return (
      block.source !== next.block.source ||
      block.definitions !== next.block.definitions ||
      block.firstCode !== next.block.firstCode ||
      isOpen !== next.isOpen ||
      blockActions !== next.blockActions
    );
  }

  override render({ block, isOpen, blockActions, onBlock, onLink }: MarkdownBlockProps): ComponentChildren {
    return renderTokens(block.tokens, {
      onLink,
      code: (info, code, index) => (
        <CodeBlock
          info={info}
          code={code}
          isOpen={isOpen}
          actions={blockActions}
          onAction={(action) => onBlock(action, block.firstCode + index)}
        />
      ),
    });
  }
}
