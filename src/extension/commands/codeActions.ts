import * as vscode from 'vscode';
import { selectionCommands } from '../ids.ts';
import type { ChatCommands } from './chatCommands.ts';

/** What the lightbulb offers: nothing until a model was chosen. */
export class CodeActions implements vscode.CodeActionProvider {
  static readonly kinds = [vscode.CodeActionKind.QuickFix, vscode.CodeActionKind.RefactorRewrite];
  readonly #chat: ChatCommands;

  constructor(chat: ChatCommands) {
    this.#chat = chat;
  }

  provideCodeActions(
    _document: vscode.TextDocument,
    range: vscode.Range,
    { diagnostics }: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    if (!this.#chat.ready) return [];
    const { QuickFix, RefactorRewrite } = vscode.CodeActionKind;
    const actions: vscode.CodeAction[] = [];
    const [problem] = diagnostics;
    if (problem !== undefined) {
      const place = problem.range.union(range);
      const fixing = action(vscode.l10n.t('Fix with Gemma'), QuickFix, selectionCommands.fix, place);
      fixing.diagnostics = [...diagnostics];
      actions.push(fixing);
    }
    if (!range.isEmpty) {
      actions.push(
        action(vscode.l10n.t('Explain with Gemma'), RefactorRewrite, selectionCommands.explain, range),
        action(vscode.l10n.t('Edit with Gemma…'), RefactorRewrite, selectionCommands.edit, range),
      );
    }
    return actions;
  }
}

function action(title: string, kind: vscode.CodeActionKind, command: string, range: vscode.Range) {
  const made = new vscode.CodeAction(title, kind);
  made.command = { title, command, arguments: [range] };
  return made;
}
