import { useEffect, useRef, useState } from 'preact/hooks';
import { MAX_QUESTION_CHARS } from '../../../protocol/chat.ts';
import { useChat } from '../context.ts';

/** Between the last key and telling the extension what to count, in milliseconds. */
const TELL_AFTER_MS = 500;

/** What stands in the box; the extension, which keeps it, is told when the person pauses. */
export function useDraft(): [string, (text: string) => void] {
  const { ask } = useChat();
  const [text, setText] = useState('');
  const told = useRef('');
  useEffect(() => {
    if (text === told.current || text.length > MAX_QUESTION_CHARS) return undefined;
    const timer = setTimeout(() => {
      told.current = text;
      ask({ type: 'draft', text });
    }, TELL_AFTER_MS);
    return () => clearTimeout(timer);
  }, [text, ask]);
  return [text, setText];
}
