import path from 'node:path';
import * as v from 'valibot';
import * as vscode from 'vscode';
import type { Role } from '../../protocol/engine.ts';
import type { Settings } from '../settings.ts';
import type { Format } from './format.ts';
import { installedName, ownModels } from './modelRows.ts';
import type { Models } from './models.ts';

const RECENT = 'models.recent';
const MAX_RECENT = 8;

export interface PickParts {
  readonly models: Models;
  readonly settings: Settings;
  readonly memory: vscode.Memento;
  readonly format: Format;
  /** Downloads one that the person chooses then. */
  readonly getModel: (role: Role) => Promise<void>;
}

interface Choice extends vscode.QuickPickItem {
  /** Name or folder of a model; empty: the built-in one or none. */
  readonly model?: string;
  /** Another way to one. */
  readonly way?: 'get' | 'folder';
}

/** Lets the person choose what completes or chats: an installed model, a folder, or one that is downloaded first. */
export async function pickModel(parts: PickParts, role: Role): Promise<void> {
  const { models, settings, memory, getModel } = parts;
  const setting = `gemmaCode.${role}.model` as const;
  const chosen = await vscode.window.showQuickPick<Choice>(
    models.read().then(() => choices(parts, role)),
    {
      title:
        role === 'chat'
          ? vscode.l10n.t('Choose a model for the chat')
          : vscode.l10n.t('Choose a model for completion'),
      placeHolder: vscode.l10n.t('Models stay on this machine. Chatting needs one that was tuned for it.'),
    },
  );
  if (chosen === undefined) return;
  if (chosen.way === 'get') return getModel(role);
  const model = chosen.way === 'folder' ? await askForFolder() : chosen.model;
  if (model === undefined) return;
  if (path.isAbsolute(model)) {
    const others = recent(memory).filter((other) => other !== model);
    await memory.update(RECENT, [model, ...others].slice(0, MAX_RECENT));
  }
  await settings.set(setting, model);
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

function choices({ models, settings, memory, format }: PickParts, role: Role): Choice[] {
  const current = settings.get(`gemmaCode.${role}.model`);
  const { list } = models;
  const own = list === null ? [] : ownModels(list);
  const installed = own.filter(({ chat }) => chat || role === 'completion');
  const folders = [...new Set([current, ...recent(memory)])].filter((folder) => path.isAbsolute(folder));
  const mark = (model: string): string => (model === current ? '$(check) ' : '');
  const none =
    role === 'chat'
      ? { label: vscode.l10n.t('None'), description: vscode.l10n.t('no chat') }
      : {
          label: vscode.l10n.t('{0} (built in)', 'Pebble'),
          description: vscode.l10n.t('completes lines; can’t chat'),
        };
  const get: Choice = {
    label: `$(cloud-download) ${vscode.l10n.t('Get a model…')}`,
    detail: vscode.l10n.t('Shows which one fits this machine, and downloads it once'),
    way: 'get',
  };
  const known: Choice[] = [
    ...installed.map((model) => ({
      label: mark(model.id) + installedName(model),
      description: format.size(model.bytes),
      model: model.id,
    })),
    ...folders.map((folder) => ({
      label: mark(folder) + path.basename(folder),
      description: path.dirname(folder),
      model: folder,
    })),
  ];
  return [
    ...(known.length === 0 ? [get] : []),
    ...known,
    { ...none, label: mark('') + none.label, model: '' },
    ...(known.length === 0 ? [] : [get]),
    {
      label: `$(folder-opened) ${vscode.l10n.t('Choose a folder…')}`,
      detail: vscode.l10n.t('A Gemma model as published on Hugging Face, for example gemma-3-1b-it'),
      way: 'folder',
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
