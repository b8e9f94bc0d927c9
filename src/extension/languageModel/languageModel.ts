import * as vscode from 'vscode';
import { languageModelVendor } from '../ids.ts';
import { createChatParticipant } from './chatParticipant.ts';
import { ChatModelProvider } from './chatModelProvider.ts';
import { OfferedModel, type OfferedModelParts } from './offeredModel.ts';

/** The chat's model for the rest of VS Code: among the language models, and as `@gemma` in its chat. */
export function registerLanguageModel(parts: OfferedModelParts): vscode.Disposable {
  // Editors that are built from VS Code may leave either out.
  const { lm, chat }: Partial<typeof vscode> = vscode;
  const model = new OfferedModel(parts);
  const registered: vscode.Disposable[] = [model];
  if (lm !== undefined && 'registerLanguageModelChatProvider' in lm) {
    const provider = new ChatModelProvider(model);
    registered.push(lm.registerLanguageModelChatProvider(languageModelVendor, provider));
  }
  if (chat !== undefined && 'createChatParticipant' in chat) registered.push(createChatParticipant(model));
  return vscode.Disposable.from(...registered);
}
