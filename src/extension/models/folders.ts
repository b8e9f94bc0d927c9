import path from 'node:path';
import * as vscode from 'vscode';
import { withProgress } from '../commands/withProgress.ts';
import type { Format } from './format.ts';
import type { Models } from './models.ts';

/** Installs a model from a folder of the person's; nothing in that folder is changed. @throws GemmaError */
export async function importModel(models: Models, format: Format): Promise<void> {
  const source = await chooseFolder(
    vscode.l10n.t('Folder with config.json, tokenizer.json and *.safetensors'),
    vscode.l10n.t('Import'),
  );
  if (source === undefined) return;
  const title = vscode.l10n.t('Importing {0}', path.basename(source));
  const { name } = await withProgress(title, (signal, report) => {
    const onProgress = (fraction: number): void => report(format.percent(fraction));
    return models.requestSteps('installModel', { source, quantization: null }, onProgress, signal);
  });
  void vscode.window.showInformationMessage(vscode.l10n.t('{0} is ready.', name));
}

/** Moves all models to another folder or disk. @throws GemmaError */
export async function moveModels(models: Models, format: Format): Promise<void> {
  const folder = await chooseFolder(
    vscode.l10n.t('An empty folder for the models'),
    vscode.l10n.t('Move Here'),
  );
  if (folder === undefined) return;
  await withProgress(vscode.l10n.t('Moving the models…'), (signal, report) =>
    models.requestSteps('moveModels', { folder }, (fraction) => report(format.percent(fraction)), signal),
  );
  await models.read();
}

async function chooseFolder(title: string, openLabel: string): Promise<string | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    canSelectFolders: true,
    canSelectFiles: false,
    openLabel,
    title,
  });
  return chosen?.[0]?.fsPath;
}
