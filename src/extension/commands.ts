import * as vscode from 'vscode';
import { isLanguageOn } from '../completion/policy.ts';
import type { Engine } from './engine.ts';
import type { Chat } from './chat/chat.ts';
import { commands } from './ids.ts';
import type { CommandId } from './ids.ts';
import type { Log } from './log.ts';
import { showMenu, snoozeChoices } from './menu.ts';
import { pickRole } from './models/pickModel.ts';
import type { Settings } from './settings.ts';
import type { Snooze } from './snooze.ts';

export interface CommandParts {
  readonly engine: Engine;
  readonly settings: Settings;
  readonly snooze: Snooze;
  readonly log: Log;
  readonly chat: Chat;
}

/** What a person can run from the palette, the menu and the keyboard. */
export function registerCommands({ engine, settings, snooze, log, chat }: CommandParts): vscode.Disposable {
  const handlers: Record<CommandId, () => unknown> = {
    [commands.openChat]: () => chat.focus(),
    [commands.newChat]: () => chat.newConversation(),
    [commands.openChatInEditor]: () => chat.openInEditor(),
    [commands.pickModel]: async () => {
      const role = await pickRole();
      if (role !== undefined) await chat.pickModel(role);
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
    [commands.showMenu]: () => showMenu(settings, snooze),
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
