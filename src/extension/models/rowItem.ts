import * as vscode from 'vscode';
import { licenceOf } from '../../catalogue/catalogue.ts';
import type { Role } from '../../protocol/engine.ts';
import type { InstalledModel, TransferView } from '../../protocol/models.ts';
import type { Format } from './format.ts';
import { installedName } from './modelRows.ts';
import type { ModelGroup, ModelRow, Offer } from './modelRows.ts';
import {
  expectation,
  obstacleSentence,
  originSentences,
  reasonSentence,
  transferText,
  usedFor,
} from './sentences.ts';

/** A row as the tree shows it. */
interface RowText {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly tooltip: readonly string[];
  readonly icon: string;
  /** Words that the `when` clauses of package.json look for. */
  readonly context: readonly string[];
}

export function groupItem({ name, rows }: ModelGroup): vscode.TreeItem {
  const labels = {
    installed: vscode.l10n.t('Installed'),
    downloads: vscode.l10n.t('Downloads'),
    available: vscode.l10n.t('Available'),
  };
  const item = new vscode.TreeItem(labels[name], vscode.TreeItemCollapsibleState.Expanded);
  item.id = name;
  item.description = String(rows.length);
  item.contextValue = 'group';
  return item;
}

export function rowItem(row: ModelRow, format: Format): vscode.TreeItem {
  const { id, label, description, tooltip, icon, context } = textOf(row, format);
  const item = new vscode.TreeItem(label);
  item.id = id;
  item.description = description;
  item.tooltip = [label, ...tooltip].join('\n');
  item.iconPath = new vscode.ThemeIcon(icon);
  item.contextValue = context.join(' ');
  item.accessibilityInformation = { label: [label, description].filter(Boolean).join(', ') };
  return item;
}

function textOf(row: ModelRow, format: Format): RowText {
  switch (row.kind) {
    case 'built-in':
      return builtInText(row.roles);
    case 'installed':
      return installedText(row.model, row.roles, format);
    case 'transfer':
      return transferRow(row.transfer, row.name, format);
    case 'available':
      return offerText(row.offer, format);
    default:
      return row satisfies never;
  }
}

function builtInText(roles: readonly Role[]): RowText {
  return {
    id: 'built-in',
    label: vscode.l10n.t('{0} (built in)', 'Pebble'),
    description: usedFor(roles),
    tooltip: [vscode.l10n.t('completes lines; can’t chat')],
    icon: 'package',
    context: ['builtIn', ...unused(roles)],
  };
}

function installedText(model: InstalledModel, roles: readonly Role[], format: Format): RowText {
  const { id, origin, bytes, parameters, quantization, contextTokens } = model;
  const isPinned = origin?.kind === 'hub' && origin.verified === 'pinned';
  return {
    id: `installed:${id}`,
    label: installedName(model),
    description: [usedFor(roles), format.size(bytes)].filter(Boolean).join(' · '),
    tooltip: [
      vscode.l10n.t(
        '{0} parameters, {1}, {2} tokens of context',
        format.number(parameters),
        quantization,
        format.number(contextTokens),
      ),
      ...(model.completion ? [vscode.l10n.t('It fills in the middle.')] : []),
      ...(model.chat ? [vscode.l10n.t('It was tuned for conversations.')] : []),
      ...originSentences(origin),
    ],
    icon: isPinned ? 'verified-filled' : 'verified',
    context: [
      'installed',
      ...(origin?.kind === 'hub' ? ['fromHub'] : []),
      ...unused(roles).filter((word) => model.chat || word !== 'unusedForChat'),
    ],
  };
}

/** What it may still be used for. */
function unused(roles: readonly Role[]): string[] {
  return [
    ...(roles.includes('completion') ? [] : ['unusedForCompletion']),
    ...(roles.includes('chat') ? [] : ['unusedForChat']),
  ];
}

function transferRow(transfer: TransferView, name: string, format: Format): RowText {
  const icons = { running: 'sync~spin', paused: 'debug-pause', failed: 'warning' } as const;
  const { id, repository, state, error } = transfer;
  return {
    id: `transfer:${id}`,
    label: name,
    description: transferText(transfer, format),
    tooltip: [repository, ...(error === null ? [] : [error.message])],
    icon: icons[state],
    context: ['transfer', state],
  };
}

function offerText({ model, verdict, recommended }: Offer, format: Format): RowText {
  const licence = licenceOf(model);
  const obstacles = (verdict?.obstacles ?? []).map((obstacle) => obstacleSentence(obstacle, format));
  const plan = verdict?.plan ?? null;
  const mark =
    recommended === null
      ? verdict === null || verdict.fits
        ? []
        : [vscode.l10n.t('too large for this machine')]
      : [
          recommended.role === 'chat'
            ? vscode.l10n.t('recommended for chat')
            : vscode.l10n.t('recommended for completion'),
        ];
  return {
    id: `available:${model.id}`,
    label: model.name,
    description: [format.size(model.download.bytes), ...mark, licence.name].join(' · '),
    tooltip: [
      model.repository,
      model.purposes.includes('chat')
        ? vscode.l10n.t('It was tuned for conversations.')
        : model.fillsInMiddle
          ? vscode.l10n.t('It fills in the middle.')
          : vscode.l10n.t('It continues text.'),
      ...(plan === null
        ? []
        : [
            vscode.l10n.t(
              'Download {0}; on the disk {1} as {2}',
              format.size(model.download.bytes),
              format.size(plan.diskBytes),
              plan.quantization,
            ),
            expectation(plan, format),
          ]),
      model.gated
        ? vscode.l10n.t('Licence: {0}. The hub gives it to accounts that accepted it.', licence.name)
        : vscode.l10n.t('Licence: {0}. It needs no account.', licence.name),
      ...(recommended === null
        ? obstacles
        : recommended.reasons
            .filter(({ kind }) => kind !== 'no-gate')
            .map((reason) => reasonSentence(reason, format))),
    ],
    icon: recommended === null ? (verdict?.fits === false ? 'circle-slash' : 'cloud') : 'star-full',
    context: ['available'],
  };
}
