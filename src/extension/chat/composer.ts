import * as vscode from 'vscode';
import type { Attachment, Message } from '../../chat/conversation.ts';
import { SYSTEM_TEXT } from '../../chat/instructions.ts';
import { attachmentText, questionText } from '../../chat/questionText.ts';
import type { Choice, ComposerView } from '../../protocol/chat.ts';
import { GemmaError, toGemmaError } from '../../protocol/errors.ts';
import { Disposable } from '../disposable.ts';
import type { Engine } from '../engine.ts';
import { Throttle } from '../throttle.ts';
import { type AttachmentChoice, findAttachments } from './attachments/findAttachments.ts';
import type { ChatModel } from './chatModel.ts';
import { labelOf } from './views.ts';

/** Counting is cheap, but nobody reads faster. */
const COUNT_INTERVAL_MS = 300;

interface Attached {
  readonly id: string;
  readonly attachment: Attachment;
  tokens: number | null;
}

/** The next question, as far as it is there. */
export class Composer extends Disposable {
  readonly #engine: Engine;
  readonly #model: ChatModel;
  readonly #messages: () => readonly Message[];
  readonly #onChange: () => void;
  readonly #counting = this.own(new Throttle(() => void this.#count(), COUNT_INTERVAL_MS));
  #attached: Attached[] = [];
  #choices = new Map<string, AttachmentChoice>();
  #ids = 0;
  #searches = 0;
  #draft = '';
  #context: ComposerView['context'] = null;

  constructor(
    parts: { readonly engine: Engine; readonly model: ChatModel },
    messages: () => readonly Message[],
    onChange: () => void,
  ) {
    super();
    this.#engine = parts.engine;
    this.#model = parts.model;
    this.#messages = messages;
    this.#onChange = onChange;
    this.own(this.#model.onChange(() => this.#counting.request()));
  }

  get view(): Omit<ComposerView, 'running'> {
    return {
      attachments: this.#attached.map(({ id, attachment: { kind, label }, tokens }) => ({
        id,
        kind,
        label: labelOf(label),
        tokens,
      })),
      context: this.#context,
    };
  }

  get draft(): string {
    return this.#draft;
  }

  set draft(text: string) {
    this.#draft = text;
    this.#counting.request();
  }

  add(attachment: Attachment): void {
    this.#attached.push({ id: `attachment-${++this.#ids}`, attachment, tokens: null });
    this.#change();
  }

  remove(id: string): void {
    this.#attached = this.#attached.filter((attached) => attached.id !== id);
    this.#change();
  }

  /** What was attached, which goes with a question now. */
  take(): Attachment[] {
    const attachments = this.#attached.map(({ attachment }) => attachment);
    this.#attached = [];
    this.#draft = '';
    this.#change();
    return attachments;
  }

  /** The conversation has changed. */
  recount(): void {
    this.#counting.request();
  }

  /** What can be attached; null: something else was looked for meanwhile, whose answer may come first. */
  async find(query: string): Promise<Choice[] | null> {
    const search = ++this.#searches;
    const choices = await findAttachments(query);
    if (search !== this.#searches) return null;
    this.#choices = new Map(choices.map((choice) => [`choice-${++this.#ids}`, choice]));
    return Array.from(this.#choices, ([id, { kind, label, detail }]) => ({
      id,
      kind,
      label: labelOf(label),
      detail: labelOf(detail),
    }));
  }

  /** @throws GemmaError `bad-input` when it can't be read, or nothing is in it */
  async choose(id: string): Promise<void> {
    const choice = this.#choices.get(id);
    if (choice === undefined) return;
    const attachment = await choice.load();
    if (attachment === null)
      throw new GemmaError('bad-input', vscode.l10n.t('There is nothing to attach: {0}', choice.label));
    this.add(attachment);
  }

  #change(): void {
    this.#onChange();
    this.#counting.request();
  }

  /** What the next question would send, before anything is left out. */
  async #count(): Promise<void> {
    const { info } = this.#model;
    if (info === null) {
      this.#context = null;
      this.#onChange();
      return;
    }
    const uncounted = this.#attached.filter(({ tokens }) => tokens === null);
    const question = { text: this.#draft, attachments: this.#attached.map(({ attachment }) => attachment) };
    const past = this.#messages().filter(({ text }) => text !== '');
    const turns = past.map((message) =>
      message.role === 'user'
        ? { role: message.role, text: questionText(message) }
        : { role: message.role, text: message.text },
    );
    try {
      const counts = await this.#engine.countTokens(
        uncounted.map(({ attachment }) => attachmentText(attachment)),
      );
      for (const [i, attached] of uncounted.entries()) attached.tokens = counts[i] ?? null;
      const asked =
        turns.at(-1)?.role === 'user'
          ? turns
          : [...turns, { role: 'user' as const, text: questionText(question) }];
      const tokens = await this.#engine.countChat({
        system: SYSTEM_TEXT,
        turns: asked,
        prefill: '',
        thinking: false,
      });
      this.#context = { tokens, limit: info.chatContextTokens };
    } catch (error) {
      // A meter without a figure says enough; what is wrong with the engine is said elsewhere.
      if (toGemmaError(error).code !== 'cancelled') this.#context = null;
    }
    this.#onChange();
  }
}
