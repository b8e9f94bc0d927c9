import { randomUUID } from 'node:crypto';
import type { Sent } from '../../chat/answerQuestion.ts';
import type { Attachment, Conversation, Id, Message, Question } from '../../chat/conversation.ts';
import type { ConversationStore } from '../../conversations/conversationStore.ts';
import type { OpenConversation } from '../../conversations/openConversation.ts';
import type { MessageView } from '../../protocol/chat.ts';
import { Disposable } from '../disposable.ts';
import type { Log } from '../log.ts';
import { Answering } from './answering.ts';
import type { ChatModel } from './chatModel.ts';
import { answerView, messageView } from './views.ts';

/** What changes, for whoever shows it. */
export interface SessionEvents {
  /** Another conversation is open, or this one is another than before. */
  onConversation(): void;
  /** Added, or another than before. */
  onMessage(message: MessageView): void;
  /** Added to the answer that is being written. */
  onText(text: { readonly thought: string; readonly answer: string }): void;
  /** An answer was begun, or is complete. */
  onRunning(): void;
}

export interface SessionParts {
  readonly model: ChatModel;
  readonly log: Log;
  /** Opened when it is first needed. */
  readonly store: () => Promise<ConversationStore>;
}

/** The open conversation and the answer that is being written in it: at most one at a time. */
export class ChatSession extends Disposable {
  readonly #parts: SessionParts;
  readonly #events: SessionEvents;
  readonly #sent = new Map<string, Sent>();
  #open: OpenConversation | null = null;
  #following: { dispose(): void } | null = null;
  #answering: Answering | null = null;
  /** Another window wrote while an answer was being written here. */
  #isOutdated = false;
  /** Ends with the answer that is being written. */
  #finished: Promise<void> = Promise.resolve();

  constructor(parts: SessionParts, events: SessionEvents) {
    super();
    this.#parts = parts;
    this.#events = events;
    this.own({ dispose: () => this.#answering?.stop() });
  }

  /** With all there is of the answer that is being written; null: a new one that nobody has written in. */
  get conversation(): Conversation | null {
    return this.#open === null ? null : { ...this.#open.conversation, messages: this.messages };
  }

  get messages(): readonly Message[] {
    const messages = this.#open?.conversation.messages ?? [];
    const writing = this.#answering?.answer;
    return messages.map((message) => (message.id === writing?.id ? writing : message));
  }

  get isReadOnly(): boolean {
    return this.#open?.isReadOnly ?? false;
  }

  /** Id of the answer that is being written; null: none is. */
  get writing(): string | null {
    return this.#answering?.answer.id ?? null;
  }

  message(id: string): Message | undefined {
    return this.messages.find((message) => message.id === id);
  }

  /** What the model was shown for an answer; undefined for answers of earlier sessions and of several steps. */
  sent(id: string): Sent | undefined {
    return this.#sent.get(id);
  }

  /** @param id null: a new conversation */
  async show(id: string | null): Promise<void> {
    await this.stop();
    await this.#become(id === null ? null : await (await this.#parts.store()).open(id));
  }

  /** Resolves when the answer is complete. @throws GemmaError `disk-full` when the question can't be kept */
  async ask(text: string, attachments: readonly Attachment[]): Promise<void> {
    await this.stop();
    if (this.#open === null) await this.#become(await (await this.#parts.store()).create());
    const question: Question = {
      role: 'user',
      id: randomUUID(),
      time: Date.now(),
      text,
      attachments: [...attachments],
    };
    await this.#open?.ask(question);
    this.#events.onMessage(messageView(question));
    await this.#answer(question.id);
  }

  /** Asks question `id` with other words; what came after it goes. */
  async resend(id: string, text: string): Promise<void> {
    const question = this.message(id);
    if (question?.role !== 'user') return;
    await this.cut(id);
    await this.ask(text, question.attachments);
  }

  async regenerate(id: string): Promise<void> {
    if (this.message(id)?.role !== 'model') return;
    const at = this.messages.findIndex((message) => message.id === id);
    const question = this.messages.slice(0, at).findLast(({ role }) => role === 'user');
    if (question === undefined) return;
    await this.cut(id);
    await this.#answer(question.id);
  }

  /** Takes away message `id` and all after it. */
  async cut(id: string): Promise<void> {
    await this.stop();
    await this.#open?.cut(id);
    this.#events.onConversation();
  }

  /** Of any conversation. */
  async rename(id: string, title: string): Promise<void> {
    if (this.#open?.id === id) {
      await this.#open.rename(title);
      this.#events.onConversation();
      return;
    }
    const other = await (await this.#parts.store()).open(id);
    await other.rename(title);
    await other.dispose();
  }

  /** Any conversation. */
  async delete(id: string): Promise<void> {
    if (this.#open?.id === id) await this.show(null);
    await (await this.#parts.store()).delete(id);
  }

  /** Resolves when what was being written is saved. */
  async stop(): Promise<void> {
    this.#answering?.stop();
    await this.#finished;
  }

  async #become(conversation: OpenConversation | null): Promise<void> {
    this.#following?.dispose();
    const before = this.#open;
    this.#open = conversation;
    this.#following =
      conversation?.onChange(() => {
        if (this.#answering === null) this.#events.onConversation();
        else this.#isOutdated = true;
      }) ?? null;
    this.#events.onConversation();
    await before?.dispose();
  }

  /** Writes the answer to a question. */
  async #answer(question: Id): Promise<void> {
    const conversation = this.#open;
    if (conversation === null) return;
    const { model, log } = this.#parts;
    const answered = Answering.run(
      model,
      conversation,
      question,
      {
        onSent: (id, sent) => this.#sent.set(id, sent),
        onProgress: (answer, progress) => this.#events.onMessage(answerView(answer, progress)),
        onText: (text) => this.#events.onText(text),
      },
      (answering) => {
        this.#answering = answering;
        this.#events.onMessage(answerView(answering.answer));
        this.#events.onRunning();
      },
    );
    this.#finished = answered.then(
      () => undefined,
      () => undefined,
    );
    try {
      const { answer, result } = await answered;
      this.#events.onMessage(answerView(answer));
      const { promptTokens = 0, cachedTokens = 0, tokens = 0, prefillMs = 0, decodeMs = 0 } = result ?? {};
      log.info('chat', { end: answer.end, promptTokens, cachedTokens, tokens, prefillMs, decodeMs });
    } finally {
      if (this.#answering?.conversation === conversation) this.#answering = null;
      this.#events.onRunning();
      if (this.#isOutdated) this.#events.onConversation();
      this.#isOutdated = false;
    }
  }
}
