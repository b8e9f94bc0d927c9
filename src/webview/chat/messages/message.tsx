import { Component, type ComponentChildren } from 'preact';
import type { MessageView } from '../../../protocol/chat.ts';
import { Answer } from './answer.tsx';
import { Question } from './question.tsx';

export interface MessageProps {
  readonly message: MessageView;
  readonly isLast: boolean;
  /** Nobody writes in the conversation now, and this window may. */
  readonly canChange: boolean;
}

/** Rendered again only when it looks different: what arrives for one message touches no other. */
export class Message extends Component<MessageProps> {
  override shouldComponentUpdate(next: MessageProps): boolean {
    const { message, isLast, canChange } = this.props;
    return message !== next.message || isLast !== next.isLast || canChange !== next.canChange;
  }

  override render({ message, isLast, canChange }: MessageProps): ComponentChildren {
    return message.role === 'user' ? (
      <Question question={message} canChange={canChange} />
    ) : (
      <Answer answer={message} isLast={isLast} canChange={canChange} />
    );
  }
}
