import type { Verdict } from '../../catalogue/recommend.ts';
import type { InstalledModel } from '../../protocol/models.ts';
import { argumentFor } from './argumentFor.ts';
import type { Overview } from './overview.ts';
import { obstacleText, recommendationLines } from './sentences.ts';
import { transferText } from './transferText.ts';
import { columns, sizeText } from './units.ts';

/** `models list` for people: what is here, what is on its way, what there is, and what is recommended. */
export function listText(overview: Overview): string {
  return `${[
    ...installedLines(overview),
    ...transferLines(overview),
    ...catalogueLines(overview),
    ...recommendationLines(overview.recommended.completion, 'completion'),
    ...recommendationLines(overview.recommended.chat, 'chat'),
  ].join('\n')}\n`;
}

function installedLines({ list: { installed, folder, freeBytes } }: Overview): string[] {
  const total = installed.reduce((sum, { bytes }) => sum + bytes, 0);
  const head = `Installed in ${folder} (${sizeText(total)}, ${sizeText(freeBytes)} free)`;
  if (installed.length === 0) return [head, '  nothing yet', ''];
  const rows = installed.map((model) => [
    `  ${model.id}`,
    model.quantization,
    sizeText(model.bytes),
    purposesText(model),
    [originText(model), ...(model.loaded ? ['loaded'] : [])].join(', '),
  ]);
  return [head, ...columns(rows, new Set([2])), ''];
}

function purposesText({ chat, completion }: InstalledModel): string {
  if (chat) return completion ? 'completion, chat' : 'chat';
  return 'completion';
}

function originText({ origin }: InstalledModel): string {
  if (origin === null) return 'of unknown origin';
  if (origin.kind === 'folder') return 'from a folder';
  return origin.verified === 'pinned' ? 'verified' : 'verified against its first download';
}

function transferLines({ list: { transfers } }: Overview): string[] {
  if (transfers.length === 0) return [];
  const lines = transfers.map((transfer) => {
    const how = transfer.state === 'running' ? '' : ` (go on: models get ${argumentFor(transfer)})`;
    return `  ${transfer.id}  ${transferText(transfer)}${how}`;
  });
  return ['Downloads', ...lines, ''];
}

function catalogueLines({ list, recommended }: Overview): string[] {
  const installed = new Set(list.installed.map(({ id }) => id));
  const chosen = new Set([recommended.completion, recommended.chat].map(({ choice }) => choice?.model.id));
  const head = ['  ID', 'FOR', 'DOWNLOAD', 'INSTALLED', 'MEMORY', 'CONTEXT', 'ACCOUNT', ''];
  const rows = recommended.chat.verdicts.map((forChat, index) => {
    const { model } = forChat;
    const isChat = model.purposes.includes('chat');
    const verdict = isChat ? forChat : (recommended.completion.verdicts[index] ?? forChat);
    const { plan } = verdict;
    return [
      `${chosen.has(model.id) ? '*' : ' '} ${model.id}`,
      model.purposes.join(', '),
      `${model.download.exact ? '' : '~'}${sizeText(model.download.bytes)}`,
      plan === null ? '–' : sizeText(plan.diskBytes),
      plan === null ? '–' : sizeText(plan.memoryBytes),
      plan === null ? '–' : String(plan.contextTokens),
      model.gated ? 'needed' : 'no',
      installed.has(model.id) ? 'installed' : remark(verdict, chosen.has(model.id)),
    ];
  });
  return ['Catalogue (* recommended)', ...columns([head, ...rows], new Set([2, 3, 4, 5])), ''];
}

/** The gravest thing to be said of a model. */
function remark({ obstacles }: Verdict, isChosen: boolean): string {
  if (isChosen) return 'recommended';
  const [gravest] = obstacles;
  return gravest === undefined ? 'fits' : obstacleText(gravest);
}
