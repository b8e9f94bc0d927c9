import path from 'node:path';
import * as v from 'valibot';
import * as vscode from 'vscode';
import type { Settings } from '../settings.ts';

const SETTING = 'gemmaCode.engine.model';
const RECENT = 'models.recent';
const MAX_RECENT = 8;

interface Choice extends vscode.QuickPickItem {
  /** Folder of a model; empty: the built-in one; null: to be asked for. */
  readonly folder: string | null;
}

/** Lets the person choose what completes and chats: the built-in model, one used before, or a folder. */
export async function pickModel(settings: Settings, memory: vscode.Memento): Promise<void> {
  const current = settings.get(SETTING);
  const chosen = await vscode.window.showQuickPick(choices(current, recent(memory)), {
    title: vscode.l10n.t('Choose a model'),
    placeHolder: vscode.l10n.t('Models stay on this machine. Chatting needs one that was tuned for it.'),
  });
  if (chosen === undefined) return;
  const folder = chosen.folder ?? (await askForFolder());
  if (folder === undefined) return;
  if (folder !== '') await memory.update(RECENT, [folder, ...recent(memory).filter((other) => other !== folder)].slice(0, MAX_RECENT));
  await settings.set(SETTING, folder);
}

function choices(current: string, folders: readonly string[]): Choice[] {
  const known = current === '' || folders.includes(current) ? folders : [current, ...folders];
  const mark = (folder: string): string => (folder === current ? '$(check) ' : '');
  return [
    ...known.map((folder) => ({
      label: `${mark(folder)}${path.basename(folder)}`,
      description: path.dirname(folder),
      folder,
    })),
    {
      label: `${mark('')}${vscode.l10n.t('{0} (built in)', 'Pebble')}`,
      description: vscode.l10n.t('completes lines; can’t chat'),
      folder: '',
    },
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
