import * as vscode from 'vscode';
import type { Attachment } from '../../chat/conversation.ts';
import { GemmaError } from '../../protocol/errors.ts';
import { attachDefinitions } from '../chat/attachments/definitions.ts';
import { attachProblems } from '../chat/attachments/problems.ts';
import { selectionOrSymbol } from '../chat/attachments/selection.ts';

/** What a command is about. */
export interface CommandContext {
  readonly document: vscode.TextDocument;
  readonly range: vscode.Range;
  readonly selection: Attachment;
}

/**
 * @param wanted a part of the document in the editor, where it isn't what is selected
 * @throws GemmaError `bad-input` when there is nothing to work on
 */
export async function commandContext(wanted?: unknown): Promise<CommandContext> {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) {
    throw new GemmaError('bad-input', vscode.l10n.t('Open a file first: there is no editor.'));
  }
  if (wanted instanceof vscode.Range) editor.selection = new vscode.Selection(wanted.start, wanted.end);
  const selection = await selectionOrSymbol(editor);
  const range = selection?.source?.range;
  if (selection === null || range === undefined) {
    throw new GemmaError('bad-input', vscode.l10n.t('There is no text here.'));
  }
  const { start, end } = range;
  return {
    document: editor.document,
    range: new vscode.Range(start.line, start.character, end.line, end.character),
    selection,
  };
}

export function definitionsFor({ document, range }: CommandContext): Promise<Attachment[]> {
  return attachDefinitions(document, range);
}

export function problemsFor({ document, range }: CommandContext): Attachment[] {
  const problems = attachProblems(document, range);
  return problems === null ? [] : [problems];
}
