import * as v from 'valibot';
import * as vscode from 'vscode';
import type { ChatEngine } from '../../chat/chatEngine.ts';
import { Id } from '../../chat/conversation.ts';
import type { Question } from '../../chat/conversation.ts';
import { questionText } from '../../chat/questionText.ts';
import { isLocalCommand, parseSlashCommand } from '../../chat/slashCommands.ts';
import type { LocalCommandName } from '../../chat/slashCommands.ts';
import { transcriptOf } from '../../chat/transcript.ts';
import type { ConversationStore } from '../../conversations/conversationStore.ts';
import type { Role } from '../../protocol/engine.ts';
import type { BlockAction, FromChat, MessageView, ToChat } from '../../protocol/chat.ts';
import { toGemmaError } from '../../protocol/errors.ts';
import { codeBlocks } from '../../text/markdown.ts';
import type { ChatCommands } from '../commands/chatCommands.ts';
import { slashCommandViews } from '../commands/slashCommandViews.ts';
import { Disposable } from '../disposable.ts';
import { runBlockAction } from '../edits/blockActions.ts';
import type { Engine } from '../engine.ts';
import type { EngineUse } from '../engineUse.ts';
import type { Log } from '../log.ts';
import type { Settings } from '../settings.ts';
import { ThemeColors } from '../themeColors.ts';
import { Throttle } from '../throttle.ts';
import { attachDropped } from './attachments/dropped.ts';
import { materialFor } from './attachments/materialFor.ts';
import { ChatModel } from './chatModel.ts';
import { ChatPages } from './chatPages.ts';
import { Composer } from './composer.ts';
import { SentDocument } from './sentDocument.ts';
import { ChatSession } from './session.ts';
import { chatStrings } from './strings.ts';
import { conversationView, labelOf } from './views.ts';

/** Text of an answer goes to the page at most 30 times a second. */
const TEXT_INTERVAL_MS = 33;
/** The conversation that was open last in this workspace. */
const LAST = 'chat.conversation';
/** What stands in the box is kept twice a second. */
const DRAFT = 'chat.draft';
const DRAFT_INTERVAL_MS = 500;

export interface ChatParts {
  readonly context: vscode.ExtensionContext;
  readonly engine: Engine;
  readonly use: EngineUse;
  readonly settings: Settings;
  readonly log: Log;
  /** Lets the person choose one that is here, or download one. */
  readonly pickModel: (role: Role) => Promise<void>;
  readonly getModel: (role: Role) => Promise<void>;
  /** Opened when it is first needed. */
  readonly store: () => Promise<ConversationStore>;
}

/** The chat: its pages, and what a person asks there. */
export class Chat extends Disposable implements ChatCommands {
  readonly #parts: ChatParts;
  readonly #model: ChatModel;
  readonly #session: ChatSession;
  readonly #pages: ChatPages;
  readonly #composer: Composer;
  readonly #colors = this.own(new ThemeColors());
  readonly #sentDocument = this.own(new SentDocument());
  readonly #texts = this.own(new Throttle(() => this.#tellText(), TEXT_INTERVAL_MS));
  readonly #drafts = this.own(new Throttle(() => this.#keepDraft(), DRAFT_INTERVAL_MS));
  #untold = { thought: '', answer: '' };
  #search = '';
  /** Commands that use the model at the moment. */
  #commands = 0;
  #listing = new AbortController();
  #restored: Promise<void> | null = null;

  constructor(parts: ChatParts) {
    super();
    this.#parts = parts;
    const { engine, settings, context, log, store } = parts;
    this.#model = this.own(new ChatModel(engine, settings));
    this.#pages = this.own(
      new ChatPages(context.extensionUri, (message, answer) => void this.#receive(message, answer)),
    );
    this.#session = this.own(
      new ChatSession(
        { model: this.#model, log, store },
        {
          onConversation: () => this.#tellConversation(),
          onMessage: (message) => this.#tellMessage(message),
          onText: (text) => this.#collectText(text),
          onRunning: () => this.#noteRunning(),
        },
      ),
    );
    this.#composer = this.own(
      new Composer(
        { engine, model: this.#model },
        () => this.#session.messages,
        () => this.#tellComposer(),
      ),
    );
    this.own(this.#colors.onChange((colors) => this.#pages.tell({ type: 'colors', colors })));
    this.own(this.#model.onChange(() => this.#pages.tell({ type: 'model', model: this.#model.view })));
    this.own(settings.onChange(() => this.#useEngine()));
    this.own(this.#pages.onVisibility(() => this.#useEngine()));
  }

  get ready(): boolean {
    const { state } = this.#model.view;
    return state === 'ready' || state === 'busy';
  }

  async withEngine<T>(signal: AbortSignal, work: (engine: ChatEngine) => Promise<T>): Promise<T> {
    this.#commands++;
    this.#useEngine();
    try {
      await this.#model.ready(signal);
      return await work(this.#model.engine(signal));
    } finally {
      this.#commands--;
      this.#useEngine();
    }
  }

  async ask({ text, attachments }: Pick<Question, 'text' | 'attachments'>): Promise<void> {
    await this.#pages.focus();
    await this.#restore();
    await this.#session.ask(text, attachments);
  }

  /** Puts the keyboard where questions are typed. */
  async focus(): Promise<void> {
    await this.#pages.focus();
    this.#pages.tell({ type: 'draft', text: null, focus: true });
  }

  openInEditor(): void {
    this.#pages.openInEditor(vscode.l10n.t('Chat'));
  }

  async newConversation(): Promise<void> {
    await this.#session.show(null);
    await this.focus();
  }

  /** What goes wrong is said to the person, who asked for it. */
  async #receive(message: FromChat, answer: (message: ToChat) => void): Promise<void> {
    try {
      await this.#handle(message, answer);
    } catch (error) {
      const failure = toGemmaError(error);
      if (failure.code === 'cancelled') return;
      this.#parts.log.failure('chat', failure);
      void vscode.window.showErrorMessage(failure.message);
    }
  }

  async #handle(message: FromChat, answer: (message: ToChat) => void): Promise<void> {
    switch (message.type) {
      case 'ready':
        return this.#introduce(answer);
      case 'send':
        return this.#send(message.text);
      case 'stop':
        return this.#session.stop();
      case 'resend':
        return this.#session.resend(message.id, message.text);
      case 'regenerate':
        return this.#session.regenerate(message.id);
      case 'newConversation':
        return this.newConversation();
      case 'openConversation':
        return this.#session.show(message.id);
      case 'renameConversation':
        return this.#rename(message.id, message.title.trim());
      case 'deleteConversation':
        return this.#delete(message.id);
      case 'searchConversations':
        this.#search = message.text;
        return this.#tellConversations();
      case 'copyMessage':
        return vscode.env.clipboard.writeText(this.#session.message(message.id)?.text ?? '');
      case 'copyConversation':
        return vscode.env.clipboard.writeText(this.#transcript());
      case 'exportConversation':
        return this.#export();
      case 'block':
        return this.#runBlock(message.action, message.id, message.index);
      case 'openLink':
        return openLink(message.url);
      case 'draft':
        this.#composer.draft = message.text;
        return this.#drafts.request();
      case 'findAttachments': {
        const choices = await this.#composer.find(message.query);
        return choices === null ? undefined : answer({ type: 'choices', query: message.query, choices });
      }
      case 'attach':
        return this.#composer.choose(message.id);
      case 'detach':
        return this.#composer.remove(message.id);
      case 'drop':
        for (const attachment of await attachDropped(message.uris)) this.#composer.add(attachment);
        return undefined;
      case 'pickModel':
        return this.#parts.pickModel('chat');
      case 'getModel':
        return this.#parts.getModel('chat');
      case 'showSent':
        return this.#showSent(message.id);
      default:
        return message satisfies never;
    }
  }

  /** Tells a new page everything. */
  async #introduce(answer: (message: ToChat) => void): Promise<void> {
    answer({
      type: 'strings',
      language: vscode.env.language,
      strings: chatStrings(),
      slashCommands: slashCommandViews(),
    });
    answer({ type: 'colors', colors: this.#colors.colors });
    await this.#restore();
    answer({ type: 'draft', text: this.#composer.draft, focus: false });
    answer({ type: 'model', model: this.#model.view });
    this.#tellComposer();
    this.#tellConversation();
    await this.#tellConversations();
  }

  #restore(): Promise<void> {
    return (this.#restored ??= this.#openLast());
  }

  /** Opens what was open when the window was closed. */
  async #openLast(): Promise<void> {
    const { workspaceState } = this.#parts.context;
    this.#composer.draft = v.parse(v.fallback(v.string(), ''), workspaceState.get(DRAFT));
    const id = workspaceState.get(LAST);
    // It may have been deleted in another window.
    if (v.is(Id, id)) await this.#session.show(id).catch(() => undefined);
  }

  #keepDraft(): void {
    void this.#parts.context.workspaceState.update(DRAFT, this.#composer.draft);
  }

  async #send(text: string): Promise<void> {
    const { name } = parseSlashCommand(text);
    if (name !== null && isLocalCommand(name)) return this.#runLocal(name);
    if (this.#session.writing !== null) return undefined;
    const attachments = this.#composer.take();
    this.#drafts.request();
    return this.#session.ask(text, [...(await materialFor(name, attachments)), ...attachments]);
  }

  async #runLocal(name: LocalCommandName): Promise<void> {
    switch (name) {
      case 'new':
        return this.newConversation();
      case 'clear': {
        const [first] = this.#session.messages;
        return first === undefined ? undefined : this.#session.cut(first.id);
      }
      case 'help':
        return this.#pages.tell({ type: 'draft', text: '/', focus: true });
      default:
        return name satisfies never;
    }
  }

  async #rename(id: string, title: string): Promise<void> {
    if (title === '') return;
    await this.#session.rename(id, title);
    await this.#tellConversations();
  }

  async #delete(id: string): Promise<void> {
    const remove = vscode.l10n.t('Delete');
    const chosen = await vscode.window.showWarningMessage(
      vscode.l10n.t('Delete this conversation?'),
      { modal: true, detail: vscode.l10n.t('It can’t be brought back.') },
      remove,
    );
    if (chosen !== remove) return;
    await this.#session.delete(id);
    await this.#tellConversations();
  }

  #transcript(): string {
    const words = { you: vscode.l10n.t('You'), attached: vscode.l10n.t('Attached') };
    const { title, messages } = this.#session.conversation ?? { title: '', messages: [] };
    return transcriptOf(title, messages, words);
  }

  async #export(): Promise<void> {
    const uri = await vscode.window.showSaveDialog({ filters: { Markdown: ['md'] } });
    if (uri === undefined) return;
    await vscode.workspace.fs.writeFile(uri, Buffer.from(this.#transcript()));
    await vscode.window.showTextDocument(uri);
  }

  async #runBlock(action: BlockAction, id: string, index: number): Promise<void> {
    const { messages } = this.#session;
    const at = messages.findIndex((message) => message.id === id);
    const block = codeBlocks(messages[at]?.text ?? '')[index];
    if (block === undefined) return;
    const question = messages[at - 1];
    const attachments = question?.role === 'user' ? question.attachments : [];
    await runBlockAction(action, { ...block, attachments });
  }

  async #showSent(id: string): Promise<void> {
    const { messages } = this.#session;
    const before = messages.slice(
      0,
      messages.findIndex((message) => message.id === id),
    );
    const turns = before.map((message) =>
      message.role === 'user'
        ? { role: message.role, text: questionText(message) }
        : { role: message.role, text: message.text },
    );
    await this.#sentDocument.show(id, this.#session.sent(id)?.turns ?? turns);
  }

  /** It runs while somebody looks at the chat or waits for an answer. */
  #useEngine(): void {
    const isWanted = this.#pages.isVisible || this.#session.writing !== null || this.#commands > 0;
    this.#parts.use.set('chat', isWanted && this.#model.isChosen);
  }

  #noteRunning(): void {
    this.#useEngine();
    this.#tellComposer();
    if (this.#session.writing !== null) return;
    this.#composer.recount();
    void this.#tellConversations();
  }

  #collectText({ thought, answer }: { readonly thought: string; readonly answer: string }): void {
    this.#untold = { thought: this.#untold.thought + thought, answer: this.#untold.answer + answer };
    this.#texts.request();
  }

  #tellText(): void {
    const { thought, answer } = this.#untold;
    const id = this.#session.writing;
    if (id === null || (thought === '' && answer === '')) return;
    this.#untold = { thought: '', answer: '' };
    this.#pages.tell({ type: 'text', id, thought, answer });
  }

  /** Holds all there is of it. */
  #tellMessage(message: MessageView): void {
    this.#untold = { thought: '', answer: '' };
    this.#pages.tell({ type: 'message', message });
  }

  #tellComposer(): void {
    const running = this.#session.writing !== null;
    this.#pages.tell({ type: 'composer', composer: { ...this.#composer.view, running } });
  }

  #tellConversation(): void {
    const { conversation, isReadOnly } = this.#session;
    this.#untold = { thought: '', answer: '' };
    void this.#parts.context.workspaceState.update(LAST, conversation?.id);
    this.#pages.tell({
      type: 'conversation',
      conversation: conversationView(conversation, isReadOnly, vscode.l10n.t('New chat')),
    });
    this.#composer.recount();
  }

  async #tellConversations(): Promise<void> {
    this.#listing.abort();
    const { signal } = (this.#listing = new AbortController());
    const search = this.#search;
    const store = await this.#parts.store();
    const found = await store.list(search, signal).catch((error: unknown) => {
      if (signal.aborted) return null;
      throw error;
    });
    // What was asked for later is told instead.
    if (found === null || signal.aborted) return;
    const entries = found.map(({ id, title, time }) => ({ id, title: labelOf(title), time }));
    this.#pages.tell({ type: 'conversations', search, entries });
  }
}

/** A page a model names is opened only when the person has seen where it leads. */
async function openLink(url: string): Promise<void> {
  if (!/^(?:https?|mailto):/iu.test(url)) return;
  const open = vscode.l10n.t('Open');
  const chosen = await vscode.window.showWarningMessage(
    vscode.l10n.t('Open this page in your browser?'),
    { modal: true, detail: url },
    open,
  );
  if (chosen === open) await vscode.env.openExternal(vscode.Uri.parse(url, true));
}
