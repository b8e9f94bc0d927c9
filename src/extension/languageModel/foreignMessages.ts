import * as vscode from 'vscode';
import type { ForeignMessage, ForeignPart } from './turns.ts';

/** What an extension sent, without VS Code's classes; parts that nobody knows are left out. */
export function foreignMessage({ role, content }: vscode.LanguageModelChatRequestMessage): ForeignMessage {
  return { role: roleOf(role), parts: content.flatMap(partsOf) };
}

/** Instructions have a role that isn't in the stable interface yet. */
function roleOf(role: vscode.LanguageModelChatMessageRole): ForeignMessage['role'] {
  if (role === vscode.LanguageModelChatMessageRole.User) return 'user';
  return role === vscode.LanguageModelChatMessageRole.Assistant ? 'model' : 'system';
}

function partsOf(part: unknown): ForeignPart[] {
  if (part instanceof vscode.LanguageModelTextPart) return [{ kind: 'text', text: part.value }];
  if (part instanceof vscode.LanguageModelToolCallPart)
    return [{ kind: 'toolCall', name: part.name, input: part.input }];
  if (part instanceof vscode.LanguageModelToolResultPart)
    return [{ kind: 'toolResult', text: part.content.map(resultText).join('\n') }];
  if (part instanceof vscode.LanguageModelDataPart)
    return [{ kind: 'data', mimeType: part.mimeType, bytes: part.data }];
  return [];
}

function resultText(part: unknown): string {
  if (part instanceof vscode.LanguageModelTextPart) return part.value;
  return part instanceof vscode.LanguageModelPromptTsxPart ? JSON.stringify(part.value) : '';
}
