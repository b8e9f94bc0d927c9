import path from 'node:path';
import * as vscode from 'vscode';
import { batteryChoices, isLanguageOn } from '../completion/policy.ts';
import type { BatteryChoice } from '../completion/policy.ts';
import type { Role } from '../protocol/engine.ts';
import { commands, modelCommands, remoteCommands } from './ids.ts';
import { serverInUse } from './remote/remoteSettings.ts';
import type { Settings } from './settings.ts';
import type { Snooze } from './snooze.ts';

interface Choice extends vscode.QuickPickItem {
  readonly run: () => Thenable<unknown> | void;
}

/**
 * Everything a person may want to do about completion and models, a click away.
 *
 * @param facts what runs now, line by line
 */
export async function showMenu(settings: Settings, snooze: Snooze, facts: readonly string[]): Promise<void> {
  const items = settings.get('gemmaCode.completion.enabled') ? choices(settings, snooze) : [turnOn()];
  const all = [...items, ...models(settings), remoteChoice(settings), ...always()];
  const chosen = await vscode.window.showQuickPick(all, {
    title: 'Gemma Code',
    placeHolder: facts.join(' · '),
  });
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
    batteryChoice(settings),
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

function models(settings: Settings): Choice[] {
  const choose = (role: Role, name: string): Choice => ({
    label:
      role === 'chat'
        ? `$(comment-discussion) ${vscode.l10n.t('Model of the chat…')}`
        : `$(edit) ${vscode.l10n.t('Model of completion…')}`,
    description: name,
    run: command(commands.pickModel, role),
  });
  const nameOf = (role: Role, none: string): string =>
    path.basename(settings.get(`gemmaCode.${role}.model`)) || none;
  return [
    separator(vscode.l10n.t('Models')),
    choose('completion', nameOf('completion', vscode.l10n.t('{0} (built in)', 'Pebble'))),
    choose('chat', nameOf('chat', vscode.l10n.t('None'))),
    {
      label: `$(cloud-download) ${vscode.l10n.t('Get a model…')}`,
      run: command(modelCommands.getModel),
    },
    {
      label: `$(list-unordered) ${vscode.l10n.t('Show the models')}`,
      run: command(modelCommands.showModels),
    },
  ];
}

function separator(label: string): Choice {
  return { label, kind: vscode.QuickPickItemKind.Separator, run: () => undefined };
}

function batteryChoice(settings: Settings): Choice {
  const current = settings.get('gemmaCode.completion.onBattery');
  return {
    label: `$(plug) ${vscode.l10n.t('On battery…')}`,
    description: batteryText(current),
    run: async () => {
      const items = batteryChoices.map((choice) => ({
        label: (choice === current ? '$(check) ' : '') + batteryText(choice),
        choice,
      }));
      const chosen = await vscode.window.showQuickPick(items, {
        title: vscode.l10n.t('Completion on battery'),
      });
      if (chosen !== undefined) await settings.set('gemmaCode.completion.onBattery', chosen.choice);
    },
  };
}

function batteryText(choice: BatteryChoice): string {
  const texts: Record<BatteryChoice, string> = {
    run: vscode.l10n.t('As on the mains'),
    manual: vscode.l10n.t('Only when I ask'),
    pause: vscode.l10n.t('Paused'),
  };
  return texts[choice];
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
