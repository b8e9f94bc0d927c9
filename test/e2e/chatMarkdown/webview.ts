import type { MessageView, ToChat } from '../../../src/protocol/chat.ts';
import { short } from './hostileMarkdown.ts';
import { strangers } from './strangers.ts';

/** Runs in the chat's own webview, beside its page, and tells it what the extension would tell. */

const scripts = document.querySelectorAll('script').length;

function tell(data: ToChat): void {
  window.dispatchEvent(new MessageEvent('message', { data }));
}

const nextFrame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));

function messagesOf(text: string, index: number): MessageView[] {
  return [
    {
      role: 'user',
      id: `question-${index}`,
      time: 1,
      text,
      attachments: [{ kind: 'file', label: text.slice(0, 400) }],
    },
    {
      role: 'model',
      id: `answer-${index}`,
      time: 1,
      text: '',
      thought: '',
      end: 'writing',
      error: null,
      model: 'Gemma',
      progress: null,
      statistics: null,
    },
  ];
}

function problems(): string[] {
  const found = [...document.querySelectorAll('.markdown')].flatMap((place) => strangers(place));
  if (document.querySelectorAll('script').length !== scripts) found.push('another script');
  const active = document.querySelectorAll('#app :is(a, img, iframe, object, embed, script, style)');
  return [...found, ...[...active].map(({ outerHTML }) => outerHTML)];
}

/** Has all hostile texts arrive at once, a character of each in every frame. Gives what should not be there. */
async function streamHostile(): Promise<{ readonly frames: number; readonly problems: string[] }> {
  tell({
    type: 'conversation',
    conversation: { id: null, title: short[0] ?? '', readOnly: false, messages: short.flatMap(messagesOf) },
  });
  const frames = Math.max(...short.map(({ length }) => length));
  for (let end = 1; end <= frames; end++) {
    for (const [index, text] of short.entries())
      if (end <= text.length)
        tell({ type: 'text', id: `answer-${index}`, thought: '', answer: text.charAt(end - 1) });
    await nextFrame();
    await nextFrame();
    const found = problems();
    if (found.length > 0) return { frames: end, problems: found.slice(0, 10) };
  }
  const shown = [...document.querySelectorAll('.answer .markdown')].filter(
    ({ textContent }) => textContent !== '',
  );
  return { frames, problems: shown.length < 300 ? [`only ${shown.length} answers are shown`] : [] };
}

Object.assign(globalThis, { streamHostile });
