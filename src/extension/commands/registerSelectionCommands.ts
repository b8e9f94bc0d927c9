import * as vscode from 'vscode';
import { toGemmaError } from '../../protocol/errors.ts';
import { selectionCommands } from '../ids.ts';
import type { SelectionCommandId } from '../ids.ts';
import type { ChatCommands } from './chatCommands.ts';
import { CodeActions } from './codeActions.ts';
import { document } from './document.ts';
import { edit } from './edit.ts';
import { explain } from './explain.ts';
import { fix } from './fix.ts';
import { generateCommitMessage } from './generateCommitMessage.ts';
import { summarize } from './summarize.ts';
import { Wishes } from './wishes.ts';
import { writeTests } from './writeTests.ts';

/** What a person can have the model do with code in an editor. */
export function registerSelectionCommands(chat: ChatCommands): vscode.Disposable {
  const wishes = new Wishes();
  const handlers: Record<SelectionCommandId, (argument?: unknown) => Promise<void>> = {
    [selectionCommands.explain]: (range) => explain(chat, range),
    [selectionCommands.summarize]: () => summarize(chat),
    [selectionCommands.fix]: (range) => fix(chat, range),
    [selectionCommands.document]: () => document(chat),
    [selectionCommands.writeTests]: () => writeTests(chat),
    [selectionCommands.edit]: (range) => edit(chat, wishes, range),
    [selectionCommands.generateCommitMessage]: (control) => generateCommitMessage(chat, control),
  };
  return vscode.Disposable.from(
    ...Object.entries(handlers).map(([id, handler]) =>
      vscode.commands.registerCommand(id, (argument: unknown) => handler(argument).catch(tell)),
    ),
    vscode.languages.registerCodeActionsProvider({ pattern: '**' }, new CodeActions(chat), {
      providedCodeActionKinds: CodeActions.kinds,
    }),
  );
}

function tell(error: unknown): void {
  const { code, message } = toGemmaError(error);
  if (code !== 'cancelled') void vscode.window.showErrorMessage(message);
}
