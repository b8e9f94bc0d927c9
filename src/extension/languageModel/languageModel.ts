import * as vscode from 'vscode';
import type { Engine } from '../engine.ts';
import { languageModelVendor } from '../ids.ts';
import { createChatParticipant } from './chatParticipant.ts';
import { ChatModelProvider } from './chatModelProvider.ts';

/** The loaded model for the rest of VS Code: among the language models, and as `@gemma` in its chat. */
export function registerLanguageModel(engine: Engine): vscode.Disposable {
  // Editors that are built from VS Code may leave either out.
  const { lm, chat }: Partial<typeof vscode> = vscode;
  const registered: vscode.Disposable[] = [];
  if (lm !== undefined && 'registerLanguageModelChatProvider' in lm) {
    const provider = new ChatModelProvider(engine);
    registered.push(provider, lm.registerLanguageModelChatProvider(languageModelVendor, provider));
  }
  if (chat !== undefined && 'createChatParticipant' in chat) registered.push(createChatParticipant(engine));
  return vscode.Disposable.from(...registered);
}
