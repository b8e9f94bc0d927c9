import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import * as vscode from 'vscode';
import type { Sent } from '../../chat/answerQuestion.ts';
import type { Attachment, Message, Question } from '../../chat/conversation.ts';
import { questionText } from '../../chat/questionText.ts';
import { isLocalCommand, parseSlashCommand } from '../../chat/slashCommands.ts';
import type { LocalCommandName } from '../../chat/slashCommands.ts';
import { transcriptOf } from '../../chat/transcript.ts';
import type { ConversationStore } from '../../conversations/conversationStore.ts';
import type { OpenConversation } from '../../conversations/openConversation.ts';
import type { BlockAction, FromChat, ToChat } from '../../protocol/chat.ts';
import { toGemmaError } from '../../protocol/errors.ts';
import { codeBlocks } from '../../text/markdown.ts';
import type { ChatCommands } from '../commands/chatCommands.ts';
import { slashCommandViews } from '../commands/slashCommandViews.ts';
import { Disposable } from '../disposable.ts';
import { runBlockAction } from '../edits/blockActions.ts';
import type { Engine } from '../engine.ts';
import type { EngineUse } from '../engineUse.ts';
import { Throttle } from '../throttle.ts';
import type { Log } from '../log.ts';
import { pickModel } from '../models/pickModel.ts';
import type { Settings } from '../settings.ts';
import { ThemeColors } from '../themeColors.ts';
import { Answering } from './answering.ts';
import { attachDropped } from './attachments/dropped.ts';
import { findAttachments } from './attachments/findAttachments.ts';
import { materialFor } from './attachments/materialFor.ts';
import { ChatModel } from './chatModel.ts';
import { ChatPages } from './chatPages.ts';
import { Composer } from './composer.ts';
import { SentDocument } from './sentDocument.ts';
import { chatStrings } from './strings.ts';
import { answerView, conversationView, labelOf, messageView } from './views.ts';

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
  /** Opened when it is first needed. */
  readonly store: () => Promise<ConversationStore>;
}

/** The chat: its pages, the conversation they show, and the answer that is being written. */
export class Chat extends Disposable implements ChatCommands {
  readonly #parts: ChatParts;
  readonly #model: ChatModel;
  readonly #pages: ChatPages;
  readonly #composer: Composer;
  readonly #colors: ThemeColors;
  readonly #sentDocument = this.own(new SentDocument());
  readonly #texts = this.own(new Throttle(() => this.#tellText(), TEXT_INTERVAL_MS));
  readonly #drafts = this.own(new Throttle(() => this.#keepDraft(), DRAFT_INTERVAL_MS));
  readonly #sent = new Map<string, Sent>();
  #open: OpenConversation | null = null;
  #following: { dispose(): void } | null = null;
  #answering: Answering | null = null;
  /** Ends with the answer that is being written. */
  #finished: Promise<void> = Promise.resolve();
  #untold = { thought: '', answer: '' };
  #search = '';
  #isRestored = false;

  constructor(parts: ChatParts) {
    super();
    this.#parts = parts;
    const { engine, settings, context } = parts;
    this.#model = this.own(new ChatModel(engine, settings));
    this.#pages = this.own(
      new ChatPages(context.extensionUri, (message, answer) => void this.#receive(message, answer)),
    );
    this.#composer = this.own(
      new Composer(
        { engine, model: this.#model },
        () => this.#messages,
        () => this.#tellComposer(),
      ),
    );
    this.#colors = this.own(new ThemeColors());
    this.own(this.#colors.onChange(() => this.#tellColors()));
    this.own(this.#model.onChange(() => this.#tellModel()));
    this.own(settings.onChange(() => this.#useEngine()));
    this.own(this.#pages.onVisibility(() => this.#useEngine()));
    this.own({ dispose: () => this.#answering?.stop() });
  }

  // For commands.

  get ready(): boolean {
    return this.#model.info !== null;
  }

  engine(signal: AbortSignal) {
    return this.#model.engine(signal);
  }

  async ask({ text, attachments }: { text: string; attachments: readonly Attachment[] }): Promise<void> {
    await this.#pages.focus();
    await this.#stop();
    await this.#ask(text, attachments);
  }

  async focus(): Promise<void> {
    await this.#pages.focus();
  }

  async openInEditor(): Promise<void> {
    this.#pages.openInEditor(vscode.l10n.t('Chat'));
  }

  async newConversation(): Promise<void> {
    await this.#stop();
    await this.#show(null);
    await this.#pages.focus();
  }

  async pickModel(): Promise<void> {
    await pickModel(this.#parts.settings, this.#parts.context.globalState);
  }

  // What the page asks.

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
        return this.#stop();
      case 'resend':
        return this.#resend(message.id, message.text);
      case 'regenerate':
        return this.#regenerate(message.id);
      case 'newConversation':
        return this.newConversation();
      case 'openConversation':
        await this.#stop();
        return this.#show(await (await this.#parts.store()).open(message.id));
      case 'renameConversation':
        return this.#rename(message.id, message.title);
      case 'deleteConversation':
        return this.#delete(message.id);
      case 'searchConversations':
        this.#search = message.text;
        return this.#tellConversations();
      case 'copyMessage':
        return vscode.env.clipboard.writeText(this.#message(message.id)?.text ?? '');
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
        this.#drafts.request();
        return;
      case 'findAttachments': {
        const choices = this.#composer.offer(await findAttachments(message.query));
        return answer({ type: 'choices', query: message.query, choices });
      }
      case 'attach':
        return this.#composer.choose(message.id);
      case 'detach':
        return this.#composer.remove(message.id);
      case 'drop':
        for (const attachment of await attachDropped(message.uris)) this.#composer.add(attachment);
        return;
      case 'pickModel':
        return this.pickModel();
      case 'showSent':
        return this.#showSent(message.id);
    }
  }

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
    this.#tellText();
    this.#tellModel();
    this.#tellComposer();
    this.#tellConversation();
    await this.#tellConversations();
  }

  /** Opens what was open when the window was closed. */
  async #restore(): Promise<void> {
    if (this.#isRestored) return;
    this.#isRestored = true;
    const { workspaceState } = this.#parts.context;
    this.#composer.draft = v.parse(v.fallback(v.string(), ''), workspaceState.get(DRAFT));
    const id = workspaceState.get(LAST);
    if (typeof id !== 'string') return;
    const store = await this.#parts.store();
    await this.#show(await store.open(id).catch(() => null));
  }

  #keepDraft(): void {
    const { workspaceState } = this.#parts.context;
    void workspaceState.update(DRAFT, this.#composer.draft);
  }

  async #send(text: string): Promise<void> {
    const { name } = parseSlashCommand(text);
    if (name !== null && isLocalCommand(name)) return this.#runLocal(name);
    if (this.#answering !== null) return;
    const attachments = this.#composer.take();
    this.#drafts.request();
    await this.#ask(text, [...(await materialFor(name, attachments)), ...attachments]);
  }

  async #runLocal(name: LocalCommandName): Promise<void> {
    switch (name) {
      case 'new':
        return this.newConversation();
      case 'clear': {
        await this.#stop();
        const [first] = this.#messages;
        if (first !== undefined) await this.#open?.cut(first.id);
        return this.#tellConversation();
      }
      case 'help':
        return this.#pages.tell({ type: 'draft', text: '/', focus: true });
    }
  }

  async #ask(text: string, attachments: readonly Attachment[]): Promise<void> {
    const isNew = this.#open === null;
    if (isNew) await this.#show(await (await this.#parts.store()).create());
    const question: Question = {
      role: 'user',
      id: randomUUID(),
      time: Date.now(),
      text,
      attachments: [...attachments],
    };
    await this.#open?.ask(question);
    if (isNew) this.#tellConversation();
    else this.#pages.tell({ type: 'message', message: messageView(question) });
    await this.#answer();
  }

  async #resend(id: string, text: string): Promise<void> {
    const question = this.#message(id);
    if (question?.role !== 'user') return;
    await this.#stop();
    await this.#open?.cut(id);
    this.#tellConversation();
    await this.#ask(text, question.attachments);
  }

  async #regenerate(id: string): Promise<void> {
    if (this.#message(id)?.role !== 'model') return;
    await this.#stop();
    await this.#open?.cut(id);
    this.#tellConversation();
    await this.#answer();
  }

  /** Writes the answer to the last question; resolves when it is there. */
  async #answer(): Promise<void> {
    const conversation = this.#open;
    if (conversation === null || this.#answering !== null) return;
    const answered = Answering.run(
      this.#model,
      conversation,
      {
        onSent: (id, sent) => this.#sent.set(id, sent),
        onProgress: (answer, progress) =>
          this.#pages.tell({ type: 'message', message: answerView(answer, progress) }),
        onText: (_id, { thought, answer }) => {
          this.#untold = { thought: this.#untold.thought + thought, answer: this.#untold.answer + answer };
          this.#texts.request();
        },
      },
      (answering) => {
        this.#answering = answering;
        this.#useEngine();
        this.#tellComposer();
        this.#pages.tell({ type: 'message', message: answerView(answering.answer) });
      },
    );
    this.#finished = answered.then(
      () => undefined,
      () => undefined,
    );
    try {
      const { answer, result } = await answered;
      this.#untold = { thought: '', answer: '' };
      this.#pages.tell({ type: 'message', message: answerView(answer) });
      const { promptTokens = 0, cachedTokens = 0, tokens = 0, prefillMs = 0, decodeMs = 0 } = result ?? {};
      this.#parts.log.info('chat', {
        end: answer.end,
        promptTokens,
        cachedTokens,
        tokens,
        prefillMs,
        decodeMs,
      });
    } finally {
      this.#answering = null;
      this.#useEngine();
      this.#tellComposer();
      this.#composer.recount();
      await this.#tellConversations();
    }
  }

  /** Resolves when what was being written is saved. */
  async #stop(): Promise<void> {
    this.#answering?.stop();
    await this.#finished;
  }

  async #show(conversation: OpenConversation | null): Promise<void> {
    this.#following?.dispose();
    const before = this.#open;
    this.#open = conversation;
    this.#following =
      conversation?.onChange(() => {
        if (this.#answering === null) this.#tellConversation();
      }) ?? null;
    await before?.dispose();
    await this.#parts.context.workspaceState.update(LAST, conversation?.id);
    this.#tellConversation();
    this.#composer.recount();
  }

  async #rename(id: string, title: string): Promise<void> {
    const name = title.trim();
    if (name === '') return;
    if (this.#open?.id === id) await this.#open.rename(name);
    else {
      const other = await (await this.#parts.store()).open(id);
      await other.rename(name);
      await other.dispose();
    }
    if (this.#open?.id === id) this.#tellConversation();
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
    if (this.#open?.id === id) {
      await this.#stop();
      await this.#show(null);
    }
    await (await this.#parts.store()).delete(id);
    await this.#tellConversations();
  }

  #transcript(): string {
    const words = { you: vscode.l10n.t('You'), attached: vscode.l10n.t('Attached') };
    const title = this.#open?.conversation.title ?? vscode.l10n.t('Chat');
    return transcriptOf(title, this.#messages, words);
  }

  async #export(): Promise<void> {
    const uri = await vscode.window.showSaveDialog({ filters: { Markdown: ['md'] } });
    if (uri !== undefined) await vscode.workspace.fs.writeFile(uri, Buffer.from(this.#transcript()));
  }

  async #runBlock(action: BlockAction, id: string, index: number): Promise<void> {
    const messages = this.#messages;
    const at = messages.findIndex((message) => message.id === id);
    const block = codeBlocks(messages[at]?.text ?? '')[index];
    if (block === undefined) return;
    const question = messages[at - 1];
    const attachments = question?.role === 'user' ? question.attachments : [];
    await runBlockAction(action, { ...block, attachments });
  }

  async #showSent(id: string): Promise<void> {
    const known = this.#sent.get(id)?.turns;
    const messages = this.#messages;
    const before = messages.slice(
      0,
      messages.findIndex((message) => message.id === id),
    );
    await this.#sentDocument.show(
      id,
      known ??
        before.map((message) => ({
          role: message.role,
          text: message.role === 'user' ? questionText(message) : message.text,
        })),
    );
  }

  /** With all there is of the answer that is being written. */
  get #messages(): readonly Message[] {
    const messages = this.#open?.conversation.messages ?? [];
    const writing = this.#answering?.answer;
    return messages.map((message) => (message.id === writing?.id ? writing : message));
  }

  #message(id: string): Message | undefined {
    return this.#messages.find((message) => message.id === id);
  }

  /** It runs while somebody looks at the chat or waits for an answer. */
  #useEngine(): void {
    const isWanted = this.#pages.isVisible || this.#answering !== null;
    this.#parts.use.set('chat', isWanted && this.#model.isChosen);
  }

  // What the pages are told.

  #tellText(): void {
    const { thought, answer } = this.#untold;
    const writing = this.#answering?.answer;
    if (writing === undefined || (thought === '' && answer === '')) return;
    this.#untold = { thought: '', answer: '' };
    this.#pages.tell({ type: 'text', id: writing.id, thought, answer });
  }

  #tellModel(): void {
    this.#pages.tell({ type: 'model', model: this.#model.view });
  }

  #tellColors(): void {
    this.#pages.tell({ type: 'colors', colors: this.#colors.colors });
  }

  #tellComposer(): void {
    this.#pages.tell({
      type: 'composer',
      composer: { ...this.#composer.view, running: this.#answering !== null },
    });
  }

  #tellConversation(): void {
    const open = this.#open;
    const conversation = open === null ? null : { ...open.conversation, messages: this.#messages };
    this.#untold = { thought: '', answer: '' };
    this.#pages.tell({
      type: 'conversation',
      conversation: conversationView(conversation, open?.isReadOnly ?? false, vscode.l10n.t('New chat')),
    });
  }

  async #tellConversations(): Promise<void> {
    const search = this.#search;
    const found = await (await this.#parts.store()).list(search);
    if (search !== this.#search) return;
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
