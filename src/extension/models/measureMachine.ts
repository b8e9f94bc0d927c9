import * as vscode from 'vscode';
import { recommend } from '../../catalogue/recommend.ts';
import type { Recommendation } from '../../catalogue/recommend.ts';
import type { BackendName } from '../../protocol/engine.ts';
import { GemmaError } from '../../protocol/errors.ts';
import type { Machine, MachineSpeed } from '../../protocol/models.ts';
import { withProgress } from '../commands/withProgress.ts';
import { modelCommands } from '../ids.ts';
import type { Settings } from '../settings.ts';
import type { Format } from './format.ts';
import type { Models } from './models.ts';
import { expectation } from './sentences.ts';

const MEBIBYTE = 2 ** 20;

/** What this machine is best run with. */
interface Advice {
  readonly backend: BackendName;
  /** For both models together, in MB; 0: half of what the machine has, as without a setting. */
  readonly memory: number;
}

/** Measures how fast models are here, says what to expect, and changes settings only when the person agrees. */
export async function measureMachine(models: Models, settings: Settings, format: Format): Promise<void> {
  const held = models.hold();
  try {
    const speeds = await withProgress(vscode.l10n.t('Measuring this machine…'), (signal) =>
      models.request('measureMachine', { backend: 'auto' }, signal),
    );
    await models.keepSpeeds(speeds);
    await models.read();
    const machine = models.facts?.machine ?? null;
    if (machine === null || speeds.length === 0)
      throw models.failure ?? new GemmaError('internal', 'This machine could not be measured.');
    await tell(machine, speeds, settings, format);
  } finally {
    held.dispose();
  }
}

async function tell(
  machine: Machine,
  speeds: readonly MachineSpeed[],
  settings: Settings,
  format: Format,
): Promise<void> {
  const completion = recommend(machine, speeds, 'completion');
  const chat = recommend(machine, speeds, 'chat');
  const advice = adviceFor(machine, speeds, [completion, chat]);
  const use = vscode.l10n.t('Use These Settings');
  const get = vscode.l10n.t('Get a Model');
  const chosen = await vscode.window.showInformationMessage(
    vscode.l10n.t('What to expect of this machine'),
    {
      modal: true,
      detail: [
        choiceText(vscode.l10n.t('Completion'), completion, format),
        choiceText(vscode.l10n.t('Chat'), chat, format),
        ...(completion.choice === null || chat.choice === null
          ? [vscode.l10n.t('If the machine was busy meanwhile, measure again when it is not.')]
          : []),
        vscode.l10n.t(
          'Best settings: backend {0}, up to {1} of memory for models.',
          advice.backend,
          format.memory(advice.memory === 0 ? machine.memoryBytes / 2 : advice.memory * MEBIBYTE),
        ),
      ].join('\n\n'),
    },
    use,
    get,
  );
  if (chosen === get) await vscode.commands.executeCommand(modelCommands.getModel);
  if (chosen !== use) return;
  await settings.set('gemmaCode.engine.backend', advice.backend);
  await settings.set('gemmaCode.engine.memory', advice.memory);
}

function choiceText(purpose: string, recommendation: Recommendation, format: Format): string {
  const { choice } = recommendation;
  if (choice !== null) {
    return vscode.l10n.t('{0}: {1}. {2}', purpose, choice.model.name, expectation(choice.plan, format));
  }
  const fastest = fastestOf(recommendation);
  if (fastest === null) return vscode.l10n.t('{0}: no larger model can be used here.', purpose);
  const { model, plan } = fastest;
  const expected = expectation(plan, format);
  return vscode.l10n.t(
    '{0}: none is fast enough here. The fastest is {1}. {2}',
    purpose,
    model.name,
    expected,
  );
}

/** Of what was made for the purpose and fits: only its speed speaks against it. */
function fastestOf({ verdicts }: Recommendation): Recommendation['choice'] {
  const slow = verdicts.flatMap(({ model, plan, fits, obstacles }) =>
    plan !== null && fits && obstacles.every(({ kind }) => kind.startsWith('slow-')) ? [{ model, plan }] : [],
  );
  const speed = ({ plan }: (typeof slow)[number]): number => plan.speed?.tokensPerSecond ?? 0;
  return slow.toSorted((one, other) => speed(other) - speed(one))[0] ?? null;
}

/** The backend that the recommended models run fastest with, and room for both of them. */
function adviceFor(
  machine: Machine,
  speeds: readonly MachineSpeed[],
  recommendations: readonly Recommendation[],
): Advice {
  const plans = recommendations.flatMap(({ choice }) => (choice === null ? [] : [choice.plan]));
  const [fastest] = speeds.toSorted((one, other) => other.decodeBytesPerSecond - one.decodeBytesPerSecond);
  const backend = plans[0]?.backend ?? fastest?.backend ?? 'wasm';
  const bytes = plans.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  const isWithinHalf = bytes <= machine.memoryBytes / 2;
  return { backend, memory: isWithinHalf ? 0 : Math.ceil(bytes / MEBIBYTE) };
}
