import type { Answer, Attachment, Conversation, Message } from '../../chat/conversation.ts';
import type { AnswerView, ConversationView, MessageView, QuestionView } from '../../protocol/chat.ts';

/** What is shown as one line is cut to what the contract with the page allows. In UTF-16 units. */
const MAX_LABEL_CHARS = 500;

/** A message as the page shows it. */
export function messageView(message: Message): MessageView {
  if (message.role === 'model') return answerView(message);
  const { role, id, time, text, attachments } = message;
  return { role, id, time, text, attachments: attachments.map(attachmentLabel) };
}

/** @param progress what goes on before the first word, where that takes several steps */
export function answerView(answer: Answer, progress: string | null = null): AnswerView {
  const { role, id, time, text, thought, end, error, model, statistics } = answer;
  return {
    role,
    id,
    time,
    text,
    thought,
    end: end ?? 'writing',
    error: error ?? null,
    model: labelOf(model),
    progress,
    statistics: statistics ?? null,
  };
}

/** @param conversation null: one that nobody has written in yet */
export function conversationView(
  conversation: Conversation | null,
  readOnly: boolean,
  newTitle: string,
): ConversationView {
  if (conversation === null) return { id: null, title: newTitle, readOnly: false, messages: [] };
  const { id, title, messages } = conversation;
  return { id, title: labelOf(title), readOnly, messages: messages.map(messageView) };
}

function attachmentLabel({ kind, label }: Attachment): QuestionView['attachments'][number] {
  return { kind, label: labelOf(label) };
}

/** `text` on one line of bounded length. */
export function labelOf(text: string): string {
  const line = text.replaceAll(/\s+/gu, ' ');
  return line.length <= MAX_LABEL_CHARS
    ? line
    : `${line.slice(0, MAX_LABEL_CHARS - 2).replace(/[\uD800-\uDBFF]$/u, '')}…`;
}
