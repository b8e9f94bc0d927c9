import * as vscode from 'vscode';
import type { ModelInfo } from '../../protocol/engine.ts';
import { GemmaError } from '../../protocol/errors.ts';
import { Disposable } from '../disposable.ts';
import type { Engine } from '../engine.ts';
import { answerConversation, readModelOptions } from './answer.ts';
import { foreignMessage } from './foreignMessages.ts';
import { chatModelAfter, informationOf, type ModelInformation } from './modelInformation.ts';
import { TokenCounter } from './tokenCounter.ts';
import { textOf, turnsOf } from './turns.ts';

/** The loaded model for everything in VS Code that chooses among language models; there while it can converse. */
export class ChatModelProvider
  extends Disposable
  implements vscode.LanguageModelChatProvider<ModelInformation>
{
  readonly #engine: Engine;
  readonly #counter: TokenCounter;
  readonly #changes = this.own(new vscode.EventEmitter<void>());
  #model: ModelInfo | null;

  readonly onDidChangeLanguageModelChatInformation = this.#changes.event;

  constructor(engine: Engine) {
    super();
    this.#engine = engine;
    this.#counter = new TokenCounter(engine);
    this.#model = chatModelAfter(engine.statusOf('chat'), null);
    this.own(
      engine.onStatus((status, role) => {
        if (role !== 'chat') return;
        const model = chatModelAfter(status, this.#model);
        const isNew = JSON.stringify(model && informationOf(model)) !== JSON.stringify(this.#information);
        this.#model = model;
        if (isNew) this.#changes.fire();
      }),
    );
  }

  provideLanguageModelChatInformation(): ModelInformation[] {
    return this.#information === null ? [] : [this.#information];
  }

  /** @throws LanguageModelError when there is no model or a tool must be called; GemmaError; CancellationError */
  async provideLanguageModelChatResponse(
    { maxOutputTokens }: ModelInformation,
    messages: readonly vscode.LanguageModelChatRequestMessage[],
    options: vscode.ProvideLanguageModelChatResponseOptions,
    progress: vscode.Progress<vscode.LanguageModelResponsePart>,
    token: vscode.CancellationToken,
  ): Promise<void> {
    const mustCall =
      options.toolMode === vscode.LanguageModelChatToolMode.Required && (options.tools?.length ?? 0) > 0;
    if (mustCall) {
      throw vscode.LanguageModelError.NotFound(
        vscode.l10n.t('Gemma Code can answer in words, but can not call tools.'),
      );
    }
    await answerConversation(
      this.#engine,
      turnsOf(messages.map(foreignMessage)),
      maxOutputTokens,
      readModelOptions(options.modelOptions),
      (text) => progress.report(new vscode.LanguageModelTextPart(text)),
      token,
    ).catch((error: unknown) => {
      const isGone = error instanceof GemmaError && error.code === 'no-model';
      throw isGone ? vscode.LanguageModelError.NotFound(error.message) : error;
    });
  }

  /** Of a message: its text alone, without what the model is shown around it. */
  provideTokenCount(
    _model: ModelInformation,
    text: string | vscode.LanguageModelChatRequestMessage,
  ): Promise<number> {
    return this.#counter.count(typeof text === 'string' ? text : textOf(foreignMessage(text)));
  }

  get #information(): ModelInformation | null {
    return this.#model && informationOf(this.#model);
  }
}
