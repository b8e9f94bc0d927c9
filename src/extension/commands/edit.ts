import * as vscode from 'vscode';
import { editText } from '../../chat/instructions.ts';
import { changeSelection } from './changeSelection.ts';
import type { ChatCommands } from './chatCommands.ts';
import { commandContext, definitionsFor, problemsFor } from './context.ts';
import type { Wishes } from './wishes.ts';

/** Changes the selection as a person wishes. */
export async function edit(chat: ChatCommands, wishes: Pick<Wishes, 'ask'>, wanted?: unknown): Promise<void> {
  const context = await commandContext(wanted);
  const wish = await wishes.ask(context.selection.label);
  if (wish === undefined) return;
  const definitions = await definitionsFor(context);
  await changeSelection(chat, context, {
    text: editText(wish),
    others: [...definitions, ...problemsFor(context)],
    title: vscode.l10n.t('Editing {0}', context.selection.label),
  });
}
