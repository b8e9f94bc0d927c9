import * as vscode from 'vscode';
import { licenceOf } from '../../catalogue/catalogue.ts';
import type { Role } from '../../protocol/engine.ts';
import { modelCommands } from '../ids.ts';
import type { DownloadFlow } from './downloadFlow.ts';
import type { Format } from './format.ts';
import { offers } from './modelRows.ts';
import type { ModelFacts, Offer } from './modelRows.ts';
import type { Models } from './models.ts';
import { expectation, obstacleSentence, reasonSentence } from './sentences.ts';
import type { WantedDownload } from './wantedDownloads.ts';

export interface GetModelParts {
  readonly models: Models;
  readonly flow: DownloadFlow;
  readonly format: Format;
}

interface Choice extends vscode.QuickPickItem {
  readonly run?: () => unknown;
}

/**
 * Lets the person choose a model and downloads it; resolves when that is over.
 *
 * @param role what it is to be used for; undefined: what it was made for
 */
export async function getModel(parts: GetModelParts, role?: Role): Promise<void> {
  const { models, format } = parts;
  const held = models.hold();
  const picker = vscode.window.createQuickPick<Choice>();
  picker.title = role === 'chat' ? vscode.l10n.t('Get a model for the chat') : vscode.l10n.t('Get a model');
  picker.placeholder = vscode.l10n.t('It is downloaded once, and runs on this machine from then on.');
  picker.matchOnDescription = true;
  picker.busy = true;
  picker.show();
  try {
    const chosen = picked(picker);
    await models.read();
    const { facts, failure } = models;
    if (facts === null) {
      picker.hide();
      if (failure !== null) void vscode.window.showErrorMessage(failure.message);
      return;
    }
    picker.items = choices(parts, facts, role);
    picker.busy = false;
    await (await chosen)?.run?.();
  } finally {
    picker.dispose();
    held.dispose();
  }

  function choices({ flow }: GetModelParts, facts: ModelFacts, only?: Role): Choice[] {
    const all = offers(facts, only);
    const [best, rest] = [all.filter(isRecommended), all.filter((offer) => !isRecommended(offer))];
    const choice = (offer: Offer): Choice => ({
      ...offerItem(offer, format),
      run: async () => {
        if (await isWantedAnyway(offer, format)) await flow.start(wantedOf(offer, facts, only));
      },
    });
    return [
      ...section(vscode.l10n.t('Recommended for this machine'), best.map(choice)),
      ...section(
        vscode.l10n.t('For completion'),
        rest.filter(({ model }) => model.purposes.includes('completion')).map(choice),
      ),
      ...section(
        vscode.l10n.t('For chat'),
        rest.filter(({ model }) => model.purposes.includes('chat')).map(choice),
      ),
      ...section(vscode.l10n.t('Without a download'), [
        {
          label: `$(folder-opened) ${vscode.l10n.t('Import a folder…')}`,
          run: () => vscode.commands.executeCommand(modelCommands.importModel),
        },
      ]),
    ];
  }
}

/** How a model of the catalogue is downloaded, in the format that this machine runs best. */
export function wantedOf({ model, verdict }: Offer, { chosen }: ModelFacts, role?: Role): WantedDownload {
  const { id, repository, revision, digests, purposes } = model;
  // Nothing can chat until a model is chosen for it; something completes always.
  const roles: Role[] = purposes.includes('chat') && chosen.chat === '' ? ['chat'] : [];
  return {
    id,
    repository,
    revision,
    digests,
    quantization: verdict?.plan?.quantization ?? 'q4',
    roles: role === undefined ? roles : [role],
  };
}

/** What doesn't fit is downloaded only when the person says so twice. */
export async function isWantedAnyway({ model, verdict }: Offer, format: Format): Promise<boolean> {
  if (verdict === null || verdict.fits) return true;
  const download = vscode.l10n.t('Download Anyway');
  const chosen = await vscode.window.showWarningMessage(
    vscode.l10n.t('{0} may not run on this machine', model.name),
    {
      modal: true,
      detail: verdict.obstacles.map((obstacle) => obstacleSentence(obstacle, format)).join('\n'),
    },
    download,
  );
  return chosen === download;
}

function isRecommended({ recommended }: Offer): boolean {
  return recommended !== null;
}

function offerItem({ model, verdict, recommended }: Offer, format: Format): vscode.QuickPickItem {
  const [obstacle] = verdict?.obstacles ?? [];
  const plan = verdict?.plan ?? null;
  const told = recommended?.reasons.find(({ kind }) => kind === 'best-that-fits');
  const icon = recommended === null ? (verdict?.fits === false ? '$(circle-slash) ' : '') : '$(star-full) ';
  const why =
    told !== undefined
      ? reasonSentence(told, format)
      : obstacle === undefined
        ? ''
        : obstacleSentence(obstacle, format);
  const expected = plan?.speed == null ? '' : expectation(plan, format);
  return {
    label: icon + model.name,
    description: [format.size(model.download.bytes), licenceOf(model).name].join(' · '),
    detail: [purposeText(model.purposes), why, expected].filter(Boolean).join(' '),
  };
}

function purposeText(purposes: readonly Role[]): string {
  return purposes.includes('chat') ? vscode.l10n.t('For chat.') : vscode.l10n.t('For completion.');
}

function section(label: string, items: readonly Choice[]): Choice[] {
  return items.length === 0 ? [] : [{ label, kind: vscode.QuickPickItemKind.Separator }, ...items];
}

/** Undefined: the person went away. */
function picked(picker: vscode.QuickPick<Choice>): Promise<Choice | undefined> {
  return new Promise((resolve) => {
    picker.onDidAccept(() => {
      resolve(picker.selectedItems[0]);
      picker.hide();
    });
    picker.onDidHide(() => resolve(undefined));
  });
}
