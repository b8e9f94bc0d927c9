import * as vscode from 'vscode';
import { isLanguageOn } from '../completion/policy.ts';
import { commands, remoteCommands } from './ids.ts';
import { serverInUse } from './remote/remoteSettings.ts';
import type { Settings } from './settings.ts';
import type { Snooze } from './snooze.ts';

interface Choice extends vscode.QuickPickItem {
  readonly run: () => Thenable<unknown> | void;
}

/** Everything a person may want to do about completion, a click away. */
export async function showMenu(settings: Settings, snooze: Snooze): Promise<void> {
  const items = settings.get('gemmaCode.completion.enabled') ? choices(settings, snooze) : [turnOn()];
  const all = [...items, remoteChoice(settings), ...always()];
  const chosen = await vscode.window.showQuickPick(all, { title: 'Gemma Code' });
  await chosen?.run();
}

function turnOn(): Choice {
  return {
    label: `$(check) ${vscode.l10n.t('Turn completion on')}`,
    run: command(commands.toggleCompletion),
  };
}

function choices(settings: Settings, snooze: Snooze): Choice[] {
  const languageId = vscode.window.activeTextEditor?.document.languageId;
  const languages = settings.get('gemmaCode.completion.languages');
  return [
    {
      label: `$(zap) ${vscode.l10n.t('Suggest at the cursor')}`,
      run: command(commands.triggerCompletion),
    },
    {
      label: `$(circle-slash) ${vscode.l10n.t('Turn completion off')}`,
      run: command(commands.toggleCompletion),
    },
    ...(languageId === undefined
      ? []
      : [
          {
            label: isLanguageOn(languages, languageId)
              ? `$(circle-slash) ${vscode.l10n.t('Turn completion off for {0}', languageId)}`
              : `$(check) ${vscode.l10n.t('Turn completion on for {0}', languageId)}`,
            run: command(commands.toggleLanguage),
          },
        ]),
    ...(snooze.active
      ? [{ label: `$(bell) ${vscode.l10n.t('End the snooze')}`, run: () => snooze.end() }]
      : snoozeChoices(snooze)),
    {
      label: `$(debug-restart) ${vscode.l10n.t('Restart the engine')}`,
      run: command(commands.restartEngine),
    },
  ];
}

/** Minutes a person may want to be left alone for. */
export function snoozeChoices(snooze: Snooze): Choice[] {
  return [5, 30].map((minutes) => ({
    label: `$(bell-slash) ${vscode.l10n.t('Snooze for {0} minutes', minutes)}`,
    run: () => snooze.start(minutes),
  }));
}

function remoteChoice(settings: Settings): Choice {
  const server = serverInUse(settings);
  return server === null
    ? { label: `$(cloud) ${vscode.l10n.t('Use a remote server…')}`, run: command(remoteCommands.use) }
    : {
        label: `$(cloud-upload) ${vscode.l10n.t('Stop sending text to {0}', server.host)}`,
        run: command(remoteCommands.stop),
      };
}

function always(): Choice[] {
  return [
    { label: `$(output) ${vscode.l10n.t('Show the log')}`, run: command(commands.showLog) },
    {
      label: `$(settings-gear) ${vscode.l10n.t('Open settings')}`,
      run: command('workbench.action.openSettings', '@ext:gemma-code.gemma-code'),
    },
  ];
}

function command(id: string, ...args: readonly unknown[]): () => Thenable<unknown> {
  return () => vscode.commands.executeCommand(id, ...args);
}
