import path from 'node:path';
import * as vscode from 'vscode';
import { findCatalogueModel, licenceOf } from '../../catalogue/catalogue.ts';
import type { Role } from '../../protocol/engine.ts';
import type { InstalledModel, TransferView } from '../../protocol/models.ts';
import { rowCommands } from '../ids.ts';
import type { RowCommandId } from '../ids.ts';
import type { Settings } from '../settings.ts';
import type { DownloadFlow } from './downloadFlow.ts';
import type { Downloads } from './downloads.ts';
import type { Format } from './format.ts';
import { isWantedAnyway, wantedOf } from './getModel.ts';
import type { Hub } from './hub.ts';
import { installedName, nameOf } from './modelRows.ts';
import type { ModelRow } from './modelRows.ts';
import type { Models } from './models.ts';
import type { WantedDownload } from './wantedDownloads.ts';

export interface RowParts {
  readonly models: Models;
  readonly downloads: Downloads;
  readonly flow: DownloadFlow;
  readonly hub: Hub;
  readonly settings: Settings;
  readonly format: Format;
}

type RowAction = (row: ModelRow) => unknown;

/** What a person can do on a row of the models view. Rows that an action is not for are left alone. */
export function rowActions(parts: RowParts): Record<RowCommandId, RowAction> {
  const { downloads, flow } = parts;
  return {
    [rowCommands.downloadModel]: (row) => download(parts, row),
    [rowCommands.pauseDownload]: (row) => row.kind === 'transfer' && downloads.pause(row.transfer.id),
    [rowCommands.resumeDownload]: (row) => row.kind === 'transfer' && flow.start(wantedAgain(row.transfer)),
    [rowCommands.cancelDownload]: (row) => row.kind === 'transfer' && cancel(parts, row.transfer),
    [rowCommands.useForCompletion]: (row) => use(parts.settings, row, 'completion'),
    [rowCommands.useForChat]: (row) => use(parts.settings, row, 'chat'),
    [rowCommands.removeModel]: (row) => row.kind === 'installed' && remove(parts, row.model),
    [rowCommands.openLicence]: (row) => openLicence(parts.hub, row),
    [rowCommands.showOnHub]: (row) => showOnHub(parts.hub, row),
    [rowCommands.revealModel]: (row) => row.kind === 'installed' && reveal(parts.models, row.model),
  };
}

async function download({ models, flow, format }: RowParts, row: ModelRow): Promise<void> {
  const { facts } = models;
  if (row.kind !== 'available' || facts === null) return;
  if (await isWantedAnyway(row.offer, format)) await flow.start(wantedOf(row.offer, facts));
}

/** What was begun goes on as it was begun: only then what was received is of use. */
function wantedAgain({ id, repository, quantization }: TransferView): WantedDownload {
  const known = findCatalogueModel(id);
  const isKnown = known?.repository === repository;
  return {
    id,
    repository,
    quantization,
    revision: isKnown ? known.revision : null,
    digests: isKnown ? known.digests : {},
    roles: [],
  };
}

async function cancel({ downloads, format }: RowParts, transfer: TransferView): Promise<void> {
  const { id, doneBytes } = transfer;
  const discard = vscode.l10n.t('Discard');
  const chosen = await vscode.window.showWarningMessage(
    vscode.l10n.t('Cancel the download of {0}?', nameOf(transfer)),
    { modal: true, detail: vscode.l10n.t('{0} that were received are removed.', format.size(doneBytes)) },
    discard,
  );
  if (chosen === discard) await downloads.cancel(id);
}

async function use(settings: Settings, row: ModelRow, role: Role): Promise<void> {
  if (row.kind === 'installed') await settings.set(`gemmaCode.${role}.model`, row.model.id);
  else if (row.kind === 'built-in' && role === 'completion')
    await settings.set('gemmaCode.completion.model', '');
}

async function remove({ models, settings, format }: RowParts, model: InstalledModel): Promise<void> {
  const { id, bytes } = model;
  const button = vscode.l10n.t('Remove');
  const chosen = await vscode.window.showWarningMessage(
    vscode.l10n.t('Remove {0}?', installedName(model)),
    { modal: true, detail: vscode.l10n.t('{0} on the disk become free.', format.size(bytes)) },
    button,
  );
  if (chosen !== button) return;
  for (const role of ['completion', 'chat'] as const) {
    const setting = `gemmaCode.${role}.model` as const;
    if (settings.get(setting) === id) await settings.set(setting, '');
  }
  await models.request('removeModel', { id });
}

async function openLicence(hub: Hub, row: ModelRow): Promise<void> {
  if (row.kind !== 'available') return;
  const { model } = row.offer;
  // Where a licence must be accepted, that is done on the model's page.
  if (model.gated) await hub.openPage(model.repository);
  else await vscode.env.openExternal(vscode.Uri.parse(licenceOf(model).url, true));
}

async function showOnHub(hub: Hub, row: ModelRow): Promise<void> {
  const repository = repositoryOf(row);
  if (repository !== null) await hub.openPage(repository);
}

function repositoryOf(row: ModelRow): string | null {
  switch (row.kind) {
    case 'available':
      return row.offer.model.repository;
    case 'transfer':
      return row.transfer.repository;
    case 'installed':
      return row.model.origin?.kind === 'hub' ? row.model.origin.repository : null;
    case 'built-in':
      return null;
    default:
      return row satisfies never;
  }
}

async function reveal({ list }: Models, { id }: InstalledModel): Promise<void> {
  if (list === null) return;
  await vscode.commands.executeCommand('revealFileInOS', vscode.Uri.file(path.join(list.folder, id)));
}
