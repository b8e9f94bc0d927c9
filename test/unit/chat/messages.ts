import type { Answer, Attachment, AttachmentKind, Question } from '../../../src/chat/conversation.ts';

export function question(text: string, attachments: readonly Attachment[] = []): Question {
  return { role: 'user', id: 'question-1', time: 0, text, attachments: [...attachments] };
}

export function answer(text: string): Answer {
  return { role: 'model', id: 'answer-01', time: 0, text, thought: '', end: 'stop', model: 'Gemma' };
}

export function attachment(kind: AttachmentKind, label: string, text: string): Attachment {
  return { kind, label, languageId: 'typescript', text };
}

/** `count` lines that tell which they are. */
export function numberedLines(count: number, name = 'line'): string {
  return Array.from({ length: count }, (_, i) => `${name} ${i + 1} of a long text\n`).join('');
}
