import type { Attachment, AttachmentKind, Question } from './conversation.ts';
import { fenced } from './fences.ts';
import { commandText } from './instructions.ts';
import { isLocalCommand, parseSlashCommand } from './slashCommands.ts';

/** What is looked at in passing first, what the question is about last: next to the question. */
const order: readonly AttachmentKind[] = [
  'outline',
  'definition',
  'file',
  'changes',
  'problems',
  'terminal',
  'selection',
];

const titles: Record<AttachmentKind, string> = {
  outline: 'Outline of',
  definition: 'Definition from',
  file: 'File',
  changes: 'Changes:',
  problems: 'Problems in',
  terminal: 'Terminal:',
  selection: 'Selected code from',
};

/** A name on one line, whatever characters a file's name has. */
function oneLine(text: string): string {
  return text.replaceAll(/[\s`]+/gu, ' ').trim();
}

export function attachmentText({ kind, label, languageId, text }: Attachment): string {
  return `${titles[kind]} ${oneLine(label)}\n${fenced(text, oneLine(languageId))}`;
}

/** What the person asks, without what is attached. */
export function instructionOf(text: string): string {
  const { name, rest } = parseSlashCommand(text);
  return name === null || isLocalCommand(name) ? rest : commandText(name, rest);
}

/** `attachments` as they are laid out; those of one kind stay in their order. */
export function inOrder(attachments: readonly Attachment[]): Attachment[] {
  return order.flatMap((kind) => attachments.filter((attachment) => attachment.kind === kind));
}

/**
 * The user's turn. The same question always gives the same text, so that a conversation goes on where the KV cache
 * ends.
 */
export function questionText({ text, attachments }: Pick<Question, 'text' | 'attachments'>): string {
  return [...inOrder(attachments).map(attachmentText), instructionOf(text)].join('\n\n');
}
