import type { VNode } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { FromChat, MessageView } from '../../protocol/chat.ts';
import type { ChatStrings } from '../../protocol/chatStrings.ts';
import type { Formats } from '../texts.ts';
import { AnswerItem } from './answerItem.tsx';
import { Icon } from './icons.tsx';
import { QuestionItem } from './questionItem.tsx';

/** Who scrolls down to less than this from the end wants to follow what is written. In pixels. */
const NEAR_END = 40;

export interface MessageListProps {
  readonly messages: readonly MessageView[];
  /** An answer is being written. */
  readonly isBusy: boolean;
  readonly isReadOnly: boolean;
  readonly strings: ChatStrings;
  readonly formats: Formats;
  readonly ask: (message: FromChat) => void;
}

/** The conversation. It follows the end unless the person has scrolled away from it. */
export function MessageList({ messages, isBusy, isReadOnly, ...rest }: MessageListProps): VNode {
  const list = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const lastTop = useRef(0);
  const [isAway, setAway] = useState(false);
  const last = messages.at(-1);
  const count = messages.length;
  const toEnd = (): void => {
    follows.current = true;
    const place = list.current;
    if (place !== null) place.scrollTop = place.scrollHeight;
  };
  useLayoutEffect(() => {
    // A question of one's own is always looked at.
    if (last?.role === 'user') follows.current = true;
    if (follows.current) toEnd();
  }, [last, count]);
  const onScroll = ({ currentTarget: place }: { currentTarget: HTMLElement }): void => {
    const isUpwards = place.scrollTop < lastTop.current;
    lastTop.current = place.scrollTop;
    const isNearEnd = place.scrollHeight - place.scrollTop - place.clientHeight < NEAR_END;
    follows.current = isNearEnd && !isUpwards;
    setAway(!isNearEnd);
  };
  return (
    <div class="message-area">
      <div
        class="messages"
        ref={list}
        onScroll={onScroll}
        role="log"
        aria-live="off"
        tabIndex={0}
        aria-label={rest.strings.conversation}
      >
        {messages.map((message, index) =>
          message.role === 'user' ? (
            <QuestionItem key={message.id} question={message} canEdit={!isReadOnly} {...rest} />
          ) : (
            <AnswerItem
              key={message.id}
              answer={message}
              canRegenerate={index === count - 1 && !isBusy && !isReadOnly}
              {...rest}
            />
          ),
        )}
      </div>
      {isAway && (
        <button type="button" class="jump" onClick={toEnd}>
          <Icon name="down" />
          <span>{rest.strings.jumpToLatest}</span>
        </button>
      )}
    </div>
  );
}
