import type { VNode } from 'preact';
import type { ConversationView } from '../../../protocol/chat.ts';
import { useChat } from '../context.ts';
import { Icon } from '../icons.tsx';
import { Message } from './message.tsx';
import { useStickToBottom } from './stickToBottom.ts';

export interface MessageListProps {
  readonly conversation: ConversationView;
  /** An answer is being written. */
  readonly running: boolean;
}

/** Follows what is written, as long as nobody scrolls away from it. */
export function MessageList({ conversation, running }: MessageListProps): VNode {
  const { strings } = useChat();
  const { id, messages, readOnly } = conversation;
  const last = messages.length - 1;
  const asked = messages.findLast(({ role }) => role === 'user')?.id ?? '';
  const { scroller, content, isAway, jump } = useStickToBottom(`${id} ${asked}`);
  return (
    <div class="messages-frame">
      <div class="messages" ref={scroller} role="region" aria-label={strings.messages} tabIndex={0}>
        <ol class="message-list" ref={content}>
          {messages.map((message, index) => (
            <Message
              key={message.id}
              message={message}
              isLast={index === last}
              canChange={!readOnly && !running}
            />
          ))}
        </ol>
      </div>
      {isAway && (
        <button type="button" class="jump" onClick={jump}>
          <Icon name="down" />
          {strings.jump}
        </button>
      )}
    </div>
  );
}
