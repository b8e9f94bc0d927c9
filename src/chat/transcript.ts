import type { Message } from './conversation.ts';
import { fenced } from './fences.ts';

/** Words of the transcript, in the language of the person. */
export interface TranscriptWords {
  readonly you: string;
  readonly attached: string;
}

/** A conversation as Markdown, with everything that was attached. */
export function transcriptOf(title: string, messages: readonly Message[], words: TranscriptWords): string {
  const parts = messages.map((message) =>
    message.role === 'user'
      ? [
          `## ${words.you}`,
          message.text,
          ...message.attachments.map((attachment) => attached(attachment, words)),
        ]
      : [`## ${heading(message.model)}`, message.text],
  );
  return `${[`# ${heading(title)}`, ...parts.flat()].filter((part) => part !== '').join('\n\n')}\n`;
}

function attached(
  { label, languageId, text }: { label: string; languageId: string; text: string },
  words: TranscriptWords,
): string {
  return `${words.attached}: ${heading(label)}\n\n${fenced(text, languageId)}`;
}

function heading(text: string): string {
  return text.replaceAll(/\s+/gu, ' ').trim();
}
