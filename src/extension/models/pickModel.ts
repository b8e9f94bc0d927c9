import path from 'node:path';
import * as v from 'valibot';
import * as vscode from 'vscode';
import type { Role } from '../../protocol/engine.ts';
import type { Settings } from '../settings.ts';

const RECENT = 'models.recent';
const MAX_RECENT = 8;

interface Choice extends vscode.QuickPickItem {
  /** Folder of a model; empty: the built-in one or none; null: to be asked for. */
  readonly folder: string | null;
}

/** Lets the person choose what completes or chats: the built-in model or none, one used before, or a folder. */
export async function pickModel(settings: Settings, memory: vscode.Memento, role: Role): Promise<void> {
  const setting = `gemmaCode.${role}.model` as const;
  const chosen = await vscode.window.showQuickPick(choices(role, settings.get(setting), recent(memory)), {
    title:
      role === 'chat'
        ? vscode.l10n.t('Choose a model for the chat')
        : vscode.l10n.t('Choose a model for completion'),
    placeHolder: vscode.l10n.t('Models stay on this machine. Chatting needs one that was tuned for it.'),
  });
  if (chosen === undefined) return;
  const folder = chosen.folder ?? (await askForFolder());
  if (folder === undefined) return;
  if (folder !== '') {
    const others = recent(memory).filter((other) => other !== folder);
    await memory.update(RECENT, [folder, ...others].slice(0, MAX_RECENT));
  }
  await settings.set(setting, folder);
}

/** What the person wants to choose a model for. */
export async function pickRole(): Promise<Role | undefined> {
  const choice = await vscode.window.showQuickPick<vscode.QuickPickItem & { readonly role: Role }>(
    [
      { label: vscode.l10n.t('Completion'), role: 'completion' },
      { label: vscode.l10n.t('Chat'), role: 'chat' },
    ],
    { title: vscode.l10n.t('Choose a model') },
  );
  return choice?.role;
}

function choices(role: Role, current: string, folders: readonly string[]): Choice[] {
  const known = current === '' || folders.includes(current) ? folders : [current, ...folders];
  const mark = (folder: string): string => (folder === current ? '$(check) ' : '');
  const none =
    role === 'chat'
      ? { label: vscode.l10n.t('None'), description: vscode.l10n.t('no chat') }
      : {
          label: vscode.l10n.t('{0} (built in)', 'Pebble'),
          description: vscode.l10n.t('completes lines; can’t chat'),
        };
  return [
    ...known.map((folder) => ({
      label: `${mark(folder)}${path.basename(folder)}`,
      description: path.dirname(folder),
      folder,
    })),
    { ...none, label: mark('') + none.label, folder: '' },
    {
      label: `$(folder-opened) ${vscode.l10n.t('Choose a folder…')}`,
      detail: vscode.l10n.t('A Gemma model as published on Hugging Face, for example gemma-3-1b-it'),
      folder: null,
    },
  ];
}

async function askForFolder(): Promise<string | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    canSelectFolders: true,
    canSelectFiles: false,
    openLabel: vscode.l10n.t('Use this model'),
    title: vscode.l10n.t('Folder with config.json, tokenizer.json and *.safetensors'),
  });
  return chosen?.[0]?.fsPath;
}

function recent(memory: vscode.Memento): readonly string[] {
  const { success, output } = v.safeParse(v.array(v.string()), memory.get(RECENT));
  return success ? output : [];
}
