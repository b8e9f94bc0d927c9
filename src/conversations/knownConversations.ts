import type { Conversation, ConversationSummary, Id } from '../chat/conversation.ts';

/** Of all texts that are kept, in UTF-16 units; beyond it a search reads files. */
const MAX_KEPT_CHARS = 16_000_000;

interface Known {
  readonly summary: ConversationSummary;
  /** Title and messages in lower case; null: not kept. */
  readonly text: string | null;
}

/** What was read of files that have not changed since, so that a list or a search needn't read them again. */
export class KnownConversations {
  readonly #known = new Map<Id, Known>();
  #chars = 0;

  /** @param time of the last change of its file */
  get(id: Id, time: number): Known | undefined {
    const known = this.#known.get(id);
    return known?.summary.time === time ? known : undefined;
  }

  /** Gives what is searched. */
  add(summary: ConversationSummary, { title, messages }: Conversation): string {
    this.delete(summary.id);
    const text = [title, ...messages.map((message) => message.text)].join('\n').toLocaleLowerCase();
    const isKept = this.#chars + text.length <= MAX_KEPT_CHARS;
    if (isKept) this.#chars += text.length;
    this.#known.set(summary.id, { summary, text: isKept ? text : null });
    return text;
  }

  delete(id: Id): void {
    this.#chars -= this.#known.get(id)?.text?.length ?? 0;
    this.#known.delete(id);
  }
}
