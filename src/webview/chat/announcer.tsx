import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { AnswerView, ConversationView } from '../../protocol/chat.ts';
import { ANNOUNCE_INTERVAL_MS, spoken, wholeSentences } from './announcements.ts';
import { useChat } from './context.ts';
import { endSentence } from './messages/endSentence.ts';

/** Tells screen readers what is being written: that it begins, whole sentences now and then, how it ended. */
export function Announcer({ conversation }: { readonly conversation: ConversationView }): VNode {
  const { strings } = useChat();
  const [text, setText] = useState('');
  const last = conversation.messages.at(-1);
  const answer = last?.role === 'model' ? last : null;
  const latest = useRef<AnswerView | null>(null);
  latest.current = answer;
  const said = useRef(0);
  const isWriting = answer?.end === 'writing';
  const id = answer?.id ?? '';

  useEffect(() => {
    if (!isWriting) return undefined;
    said.current = 0;
    setText(strings.answerBegins);
    const timer = setInterval(() => {
      const now = latest.current;
      if (now?.id !== id) return;
      const rest = now.text.slice(said.current);
      const length = wholeSentences(rest);
      if (length === 0) return;
      said.current += length;
      setText(spoken(rest.slice(0, length)));
    }, ANNOUNCE_INTERVAL_MS);
    return () => {
      clearInterval(timer);
      const ended = latest.current;
      if (ended?.id !== id) return;
      const rest = spoken(ended.text.slice(said.current));
      setText(`${rest} ${endSentence(ended, strings) ?? strings.answerFinished}`.trim());
    };
  }, [isWriting, id, strings]);

  return (
    <div class="visually-hidden" aria-live="polite">
      {text}
    </div>
  );
}
