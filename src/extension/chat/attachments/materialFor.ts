import * as vscode from 'vscode';
import type { Attachment } from '../../../chat/conversation.ts';
import type { SlashCommandName } from '../../../chat/slashCommands.ts';
import { repositoryOf } from '../../git.ts';
import { attachChanges } from './changes.ts';
import { attachProblems } from './problems.ts';
import { selectionOrSymbol } from './selection.ts';

/** What a slash command is about when the person attached nothing to it: where they are in the editor. */
export async function materialFor(
  name: SlashCommandName | null,
  attached: readonly Attachment[],
): Promise<Attachment[]> {
  if (name === null || attached.length > 0) return [];
  const editor = vscode.window.activeTextEditor ?? vscode.window.visibleTextEditors[0];
  if (name === 'commit') {
    const repository = await repositoryOf(editor?.document.uri);
    return present([repository === null ? null : await attachChanges(repository)]);
  }
  if (editor === undefined) return [];
  const problems = name === 'fix' ? attachProblems(editor.document) : null;
  return present([problems, await selectionOrSymbol(editor)]);
}

function present(attachments: readonly (Attachment | null)[]): Attachment[] {
  return attachments.filter((attachment) => attachment !== null);
}
