import * as vscode from 'vscode';
import type { Obstacle, Plan, Reason } from '../../catalogue/recommend.ts';
import type { Role } from '../../protocol/engine.ts';
import type { ModelOrigin, TransferView } from '../../protocol/models.ts';
import { fractionDone, secondsLeft } from './format.ts';
import type { Format } from './format.ts';

/** Why a model is the best choice, in sentences. */
export function reasonSentence(reason: Reason, format: Format): string {
  switch (reason.kind) {
    case 'passed-over': {
      const [obstacle] = reason.obstacles;
      const why = obstacle === undefined ? '' : obstacleSentence(obstacle, format);
      return vscode.l10n.t('Not {0}: {1}', reason.model.name, why);
    }
    case 'best-that-fits':
      return vscode.l10n.t(
        'The best that fits: it takes {0} of {1} of memory.',
        format.memory(reason.memoryBytes),
        format.memory(reason.totalBytes),
      );
    case 'fast-enough':
      return vscode.l10n.t(
        'Fast enough here: about {0} tokens per second.',
        format.number(reason.speed.tokensPerSecond),
      );
    case 'speed-unknown':
      return vscode.l10n.t('How fast it is here was not measured yet.');
    case 'no-gate':
      return vscode.l10n.t('It needs no account.');
    case 'embedded':
      return vscode.l10n.t('The built-in model suits this machine best.');
    default:
      return reason satisfies never;
  }
}

/** What speaks against a model here, in one sentence. */
export function obstacleSentence(obstacle: Obstacle, format: Format): string {
  switch (obstacle.kind) {
    case 'cannot-chat':
      return vscode.l10n.t('It was not tuned for conversations.');
    case 'cannot-fill-in':
      return vscode.l10n.t('It does not look at what follows the cursor.');
    case 'no-backend':
      return vscode.l10n.t('This machine can’t run it.');
    case 'memory':
      return vscode.l10n.t(
        'It takes {0} of memory; this machine has {1} in all.',
        format.memory(obstacle.neededBytes),
        format.memory(obstacle.totalBytes),
      );
    case 'wasm-limit':
      return vscode.l10n.t(
        'It takes {0} of memory, more than WebAssembly can give.',
        format.memory(obstacle.neededBytes),
      );
    case 'disk':
      return vscode.l10n.t(
        'It needs {0} on the disk; {1} are free.',
        format.size(obstacle.neededBytes),
        format.size(obstacle.freeBytes),
      );
    case 'slow-lines':
      return vscode.l10n.t(
        'It is slow here: about {0} seconds for a line.',
        format.number(obstacle.seconds, obstacle.seconds < 10 ? 1 : 0),
      );
    case 'slow-answers':
      return vscode.l10n.t(
        'It is slow here: about {0} tokens per second.',
        format.number(obstacle.tokensPerSecond, 1),
      );
    case 'slow-prompts':
      return vscode.l10n.t(
        'It reads slowly here: about {0} tokens per second.',
        format.number(obstacle.tokensPerSecond, 1),
      );
    default:
      return obstacle satisfies never;
  }
}

/** What to expect of a model here, in one sentence. */
export function expectation({ memoryBytes, speed }: Plan, format: Format): string {
  if (speed === null) return vscode.l10n.t('Takes {0} of memory.', format.memory(memoryBytes));
  return vscode.l10n.t(
    'About {0} tokens per second; takes {1} of memory.',
    format.number(speed.tokensPerSecond, speed.tokensPerSecond < 10 ? 1 : 0),
    format.memory(memoryBytes),
  );
}

/** How a download is going, on one line. */
export function transferText(transfer: TransferView, format: Format): string {
  const { state, doneBytes, totalBytes, bytesPerSecond } = transfer;
  const percent = format.percent(fractionDone(transfer));
  if (state === 'paused') return vscode.l10n.t('paused at {0} of {1}', percent, format.size(totalBytes));
  if (state === 'failed') return vscode.l10n.t('failed at {0}', percent);
  if (totalBytes === 0) return vscode.l10n.t('beginning…');
  const parts = [
    percent,
    vscode.l10n.t('{0} of {1}', format.size(doneBytes), format.size(totalBytes)),
    ...(bytesPerSecond > 0 ? [format.speed(bytesPerSecond)] : []),
  ];
  const left = secondsLeft(transfer);
  if (left !== null) parts.push(vscode.l10n.t('{0} left', format.duration(left)));
  return parts.join(' · ');
}

/** Where an installed model came from, and what was checked. */
export function originSentences(origin: ModelOrigin | null): string[] {
  if (origin === null) return [vscode.l10n.t('Where it came from is not known.')];
  if (origin.kind === 'folder') return [vscode.l10n.t('Imported from {0}', origin.path)];
  return [
    vscode.l10n.t('From {0}, revision {1}', origin.repository, origin.revision.slice(0, 12)),
    origin.verified === 'pinned'
      ? vscode.l10n.t('Every file has the digest that is written in the extension.')
      : vscode.l10n.t('Every file has the digest that the hub told at the first download.'),
  ];
}

/** What an installed model is used for; empty: for nothing. */
export function usedFor(roles: readonly Role[]): string {
  if (roles.length === 2) return vscode.l10n.t('used for completion and chat');
  const [role] = roles;
  if (role === undefined) return '';
  return role === 'chat' ? vscode.l10n.t('used for chat') : vscode.l10n.t('used for completion');
}
