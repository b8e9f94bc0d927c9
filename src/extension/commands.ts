import * as v from 'valibot';
import * as vscode from 'vscode';
import { isLanguageOn } from '../completion/policy.ts';
import { Role } from '../protocol/engine.ts';
import type { Chat } from './chat/chat.ts';
import { commands, walkthrough } from './ids.ts';
import type { CommandId } from './ids.ts';
import type { Log } from './log.ts';
import { showMenu, snoozeChoices } from './menu.ts';
import type { ModelManagement } from './models/modelManagement.ts';
import { pickRole } from './models/pickModel.ts';
import type { Settings } from './settings.ts';
import { factLines } from './statusText.ts';
import type { StatusParts } from './statusText.ts';

export interface CommandParts extends StatusParts {
  readonly log: Log;
  readonly chat: Chat;
  readonly management: ModelManagement;
}

/** What a person can run from the palette, the menu and the keyboard. */
export function registerCommands(parts: CommandParts): vscode.Disposable {
  const { engine, settings, snooze, log, chat, management } = parts;
  const handlers: Record<CommandId, (argument?: unknown) => unknown> = {
    [commands.openChat]: () => chat.focus(),
    [commands.newChat]: () => chat.newConversation(),
    [commands.openChatInEditor]: () => chat.openInEditor(),
    [commands.pickModel]: async (wanted) => {
      const role = v.is(Role, wanted) ? wanted : await pickRole();
      if (role !== undefined) await management.pickModel(role);
    },
    [commands.triggerCompletion]: () => vscode.commands.executeCommand('editor.action.inlineSuggest.trigger'),
    [commands.toggleCompletion]: () =>
      settings.set('gemmaCode.completion.enabled', !settings.get('gemmaCode.completion.enabled')),
    [commands.toggleLanguage]: () => toggleLanguage(settings),
    [commands.snooze]: async () => {
      if (snooze.active) snooze.end();
      else await (await vscode.window.showQuickPick(snoozeChoices(snooze)))?.run();
    },
    [commands.restartEngine]: () => engine.restart(),
    [commands.showLog]: () => log.show(),
    [commands.showMenu]: () => showMenu(settings, snooze, factLines(parts)),
    [commands.showWalkthrough]: () =>
      vscode.commands.executeCommand('workbench.action.openWalkthrough', walkthrough),
  };
  return vscode.Disposable.from(
    ...Object.entries(handlers).map(([id, handler]) => vscode.commands.registerCommand(id, handler)),
  );
}

async function toggleLanguage(settings: Settings): Promise<void> {
  const languageId = vscode.window.activeTextEditor?.document.languageId;
  if (languageId === undefined) return;
  const languages = settings.get('gemmaCode.completion.languages');
  const on = !isLanguageOn(languages, languageId);
  await settings.set('gemmaCode.completion.languages', { ...languages, [languageId]: on });
}
