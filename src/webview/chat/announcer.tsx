import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { MessageView } from '../../protocol/chat.ts';
import type { ChatStrings } from '../../protocol/chatStrings.ts';
import { nextSentences, spoken } from './spoken.ts';

/** Screen readers drop what is replaced before they have said it. */
const INTERVAL_MS = 3_000;

/** Says the answer aloud while it is written: whole sentences, not too often. */
export function Announcer({
  message,
  strings,
}: {
  readonly message: MessageView | undefined;
  readonly strings: ChatStrings;
}): VNode {
  const [said, say] = useState('');
  const progress = useRef({ id: '', next: 0, spokenAt: 0, isOver: false });
  const answer = message?.role === 'model' ? message : null;
  const { id = '', text = '', end = null } = answer ?? {};
  useEffect(() => {
    const now = progress.current;
    if (id === '') return undefined;
    const isWriting = end === 'writing';
    if (now.id !== id) {
      progress.current = { id, next: 0, spokenAt: Date.now(), isOver: !isWriting };
      if (isWriting) say(strings.answerBegins);
      return undefined;
    }
    if (!isWriting) {
      if (now.isOver) return undefined;
      say(`${spoken(text.slice(now.next))} ${strings.answerEnds}`);
      now.isOver = true;
      return undefined;
    }
    const speak = (): void => {
      const sentences = nextSentences(text, now.next);
      if (sentences.said === '') return;
      say(sentences.said);
      now.next = sentences.next;
      now.spokenAt = Date.now();
    };
    const timer = setTimeout(speak, Math.max(0, now.spokenAt + INTERVAL_MS - Date.now()));
    return () => clearTimeout(timer);
  }, [id, text, end, strings]);
  return (
    <div class="only-aloud" role="status" aria-live="polite">
      {said}
    </div>
  );
}
