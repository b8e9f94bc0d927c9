import * as vscode from 'vscode';
import { GemmaError } from '../../protocol/errors.ts';
import { answerConversation, readModelOptions } from './answer.ts';
import { foreignMessage } from './foreignMessages.ts';
import type { ModelInformation } from './modelInformation.ts';
import type { OfferedModel } from './offeredModel.ts';
import { TokenCounter } from './tokenCounter.ts';
import { textOf, turnsOf } from './turns.ts';

/** The chat's model for everything in VS Code that chooses among language models. */
export class ChatModelProvider implements vscode.LanguageModelChatProvider<ModelInformation> {
  readonly #model: OfferedModel;
  readonly #counter: TokenCounter;

  readonly onDidChangeLanguageModelChatInformation: vscode.Event<void>;

  constructor(model: OfferedModel) {
    this.#model = model;
    this.#counter = new TokenCounter(model);
    this.onDidChangeLanguageModelChatInformation = model.onChange;
  }

  provideLanguageModelChatInformation(): ModelInformation[] {
    const { information } = this.#model;
    return information === null ? [] : [information];
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
      this.#model,
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
}
