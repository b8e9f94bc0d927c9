import * as vscode from 'vscode';
import { changeSelection } from './changeSelection.ts';
import type { ChatCommands } from './chatCommands.ts';
import { commandContext } from './context.ts';

/** Writes documentation comments. */
export async function document(chat: ChatCommands): Promise<void> {
  const context = await commandContext();
  await changeSelection(chat, context, {
    text: '/doc',
    others: [],
    title: vscode.l10n.t('Writing documentation'),
  });
}
