import * as vscode from 'vscode';
import type { Engine } from '../engine.ts';
import { languageModelVendor } from '../ids.ts';
import { createChatParticipant } from './chatParticipant.ts';
import { ChatModelProvider } from './chatModelProvider.ts';

/** The loaded model for the rest of VS Code: among the language models, and as `@gemma` in its chat. */
export function registerLanguageModel(engine: Engine): vscode.Disposable {
  const provider = new ChatModelProvider(engine);
  return vscode.Disposable.from(
    provider,
    vscode.lm.registerLanguageModelChatProvider(languageModelVendor, provider),
    createChatParticipant(engine),
  );
}
