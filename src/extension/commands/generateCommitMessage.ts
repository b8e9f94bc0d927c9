import * as vscode from 'vscode';
import { askCommitMessage } from '../../chat/askCommitMessage.ts';
import { GemmaError } from '../../protocol/errors.ts';
import { attachChanges } from '../chat/attachments/changes.ts';
import { repositoryOf } from '../git.ts';
import type { ChatCommands } from './chatCommands.ts';
import { withProgress } from './withProgress.ts';

/** Writes into the box of the source control view, unless the person writes there meanwhile. */
export async function generateCommitMessage(chat: ChatCommands, sourceControl?: unknown): Promise<void> {
  const repository = await repositoryOf(
    rootOf(sourceControl) ?? vscode.window.activeTextEditor?.document.uri,
  );
  if (repository === null) {
    throw new GemmaError('bad-input', vscode.l10n.t('There is no git repository here.'));
  }
  const changes = await attachChanges(repository);
  if (changes === null) throw new GemmaError('bad-input', vscode.l10n.t('There are no changes to describe.'));
  const before = repository.inputBox.value;
  const message = await withProgress(vscode.l10n.t('Writing a commit message'), (signal) =>
    chat.withEngine(signal, (engine) => askCommitMessage(engine, changes)),
  );
  if (message !== '' && repository.inputBox.value === before) repository.inputBox.value = message;
}

/** VS Code gives a command in the title of a repository that repository. */
function rootOf(sourceControl: unknown): vscode.Uri | undefined {
  if (typeof sourceControl !== 'object' || sourceControl === null) return undefined;
  const root = 'rootUri' in sourceControl ? sourceControl.rootUri : undefined;
  return root instanceof vscode.Uri ? root : undefined;
}
