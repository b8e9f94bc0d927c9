import * as vscode from 'vscode';
import type { ChatEngine } from '../../chat/chatEngine.ts';
import type { ModelInfo } from '../../protocol/engine.ts';
import type { ModelView } from '../../protocol/chat.ts';
import { GemmaError } from '../../protocol/errors.ts';
import { Disposable } from '../disposable.ts';
import type { Engine } from '../engine.ts';
import type { Settings } from '../settings.ts';
import { labelOf } from './views.ts';

/** The model that answers, as the person knows it and as requests use it. */
export class ChatModel extends Disposable {
  readonly #engine: Engine;
  readonly #settings: Settings;
  readonly #changed = this.own(new vscode.EventEmitter<void>());
  readonly onChange = this.#changed.event;

  constructor(engine: Engine, settings: Settings) {
    super();
    this.#engine = engine;
    this.#settings = settings;
    this.own(engine.onStatus((_status, role) => role === 'chat' && this.#changed.fire()));
    this.own(settings.onChange(() => this.#changed.fire()));
  }

  /** Whether a model was chosen that may be able to chat: the built-in one is not. */
  get isChosen(): boolean {
    return this.#settings.get('gemmaCode.chat.model') !== '';
  }

  /** Null: none that can chat is loaded. */
  get info(): ModelInfo | null {
    const status = this.#engine.statusOf('chat');
    const isLoaded = status.name === 'ready' || status.name === 'working';
    return isLoaded && this.isChosen && status.model.chat ? status.model : null;
  }

  get view(): ModelView {
    const status = this.#engine.statusOf('chat');
    const nothing = { name: '', progress: null };
    if (!this.isChosen) {
      const sentence = vscode.l10n.t(
        'The built-in model completes lines; it can’t chat. Choose a Gemma model that was tuned for conversations.',
      );
      return { ...nothing, state: 'none', sentence };
    }
    switch (status.name) {
      case 'ready':
      case 'working': {
        const name = labelOf(status.model.name);
        if (status.model.chat)
          return { name, progress: null, state: 'ready', sentence: vscode.l10n.t('Ready.') };
        const sentence = vscode.l10n.t(
          '{0} was not tuned for conversations. Choose one whose name ends in “it”.',
          name,
        );
        return { name, progress: null, state: 'none', sentence };
      }
      case 'failed':
        return { ...nothing, state: 'error', sentence: labelOf(status.error.message) };
      case 'importing':
        return {
          ...nothing,
          state: 'busy',
          progress: status.fraction,
          sentence: vscode.l10n.t('Preparing the model…'),
        };
      case 'off':
      case 'starting':
      case 'loading':
      case 'restarting':
        return { ...nothing, state: 'busy', sentence: vscode.l10n.t('Loading the model…') };
      default:
        return status satisfies never;
    }
  }

  /** Resolves when a model can be asked. @throws GemmaError `no-model` when none will come; `cancelled` */
  async ready(signal: AbortSignal): Promise<ModelInfo> {
    for (;;) {
      if (signal.aborted) throw new GemmaError('cancelled', 'The request was cancelled.');
      if (this.info !== null) return this.info;
      const { state, sentence } = this.view;
      if (state !== 'busy') throw new GemmaError('no-model', sentence);
      await new Promise<void>((resolve) => {
        const done = (): void => {
          listening.dispose();
          signal.removeEventListener('abort', done);
          resolve();
        };
        const listening = this.onChange(done);
        signal.addEventListener('abort', done);
      });
    }
  }

  /** For one request. @throws GemmaError `no-model` */
  engine(signal: AbortSignal): ChatEngine {
    const { info } = this;
    if (info === null) throw new GemmaError('no-model', this.view.sentence);
    return {
      contextTokens: info.chatContextTokens,
      countTokens: (texts) => this.#engine.countTokens(texts, signal),
      chat: (params, onText) => this.#engine.chat(params, onText, signal),
    };
  }
}
