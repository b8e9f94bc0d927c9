import * as vscode from 'vscode';
import { isLanguageOn } from '../completion/policy.ts';
import type { BatteryChoice } from '../completion/policy.ts';
import type { ModelInfo } from '../protocol/engine.ts';
import type { Engine, EngineStatus } from './engine.ts';
import type { EngineFacts } from './engineFacts.ts';
import { Format } from './models/format.ts';
import { nameOf } from './models/modelRows.ts';
import { transferText } from './models/sentences.ts';
import { isRemote, nameWithHost } from './remote/remoteModelInfo.ts';
import type { RunningModel } from './remote/remoteModelInfo.ts';
import type { Settings } from './settings.ts';
import type { BatteryPause } from './power/batteryPause.ts';
import type { Snooze } from './snooze.ts';
import { statusNameOf } from './statusView.ts';
import type { StatusName } from './statusView.ts';

export interface StatusParts {
  readonly engine: Engine;
  readonly settings: Settings;
  readonly snooze: Snooze;
  readonly battery: BatteryPause;
  readonly facts: EngineFacts;
}

/** The state of completion in the active editor. */
export interface CurrentStatus {
  readonly name: StatusName;
  /** What the battery leaves of completion. */
  readonly battery: BatteryChoice;
  readonly engine: EngineStatus;
  /** Of the active editor; null without one. */
  readonly languageId: string | null;
  /** Whether there is an inference process for this window: the chat may need it too. */
  readonly isRunning: boolean;
  /** Whether the model is the one inside the extension. */
  readonly builtIn: boolean;
}

/** As its model card calls it. */
const BUILT_IN_MODEL = 'Pebble';

/** Calls `listener` whenever {@link statusNow} may have changed. */
export function onStatusChange(parts: StatusParts, listener: () => void): vscode.Disposable {
  const { engine, settings, snooze, battery, facts } = parts;
  return vscode.Disposable.from(
    engine.onStatus(listener),
    facts.onChange(listener),
    snooze.onChange(listener),
    battery.onChange(listener),
    settings.onChange(listener),
    vscode.window.onDidChangeActiveTextEditor(listener),
  );
}

export function statusNow({ engine, settings, snooze, battery }: StatusParts): CurrentStatus {
  const status = engine.statusOf('completion');
  const languageId = vscode.window.activeTextEditor?.document.languageId ?? null;
  const languages = settings.get('gemmaCode.completion.languages');
  const name = statusNameOf({
    engine: status,
    enabled: settings.get('gemmaCode.completion.enabled'),
    languageOn: languageId === null ? null : isLanguageOn(languages, languageId),
    snoozed: snooze.active,
    battery: battery.now,
  });
  const builtIn = settings.get('gemmaCode.completion.model') === '';
  return { name, battery: battery.now, engine: status, isRunning: engine.pid !== null, languageId, builtIn };
}

/** One sentence for people. */
export function explain({ name, battery, engine, isRunning, languageId }: CurrentStatus): string {
  const sentences: Record<StatusName, () => string> = {
    loading: () => explainLoading(engine),
    ready: () => vscode.l10n.t('Ready.'),
    working: () => vscode.l10n.t('Working…'),
    off: () =>
      isRunning
        ? vscode.l10n.t('Completion is off.')
        : vscode.l10n.t('Completion is off. Nothing is running.'),
    'language-off': () => vscode.l10n.t('Completion is off for {0}.', languageId ?? ''),
    snoozed: () => vscode.l10n.t('Completion is snoozed.'),
    'on-battery': () =>
      battery === 'manual'
        ? vscode.l10n.t('Paused on battery: suggestions appear only when you ask.')
        : vscode.l10n.t('Paused on battery.'),
    error: () => (engine.name === 'failed' ? engine.error.message : ''),
  };
  return sentences[name]();
}

function explainLoading(engine: EngineStatus): string {
  if (engine.name === 'restarting') {
    return vscode.l10n.t('The engine stopped and is being restarted (attempt {0}).', engine.attempt);
  }
  if (engine.name === 'importing') {
    return vscode.l10n.t('Preparing the model: {0} %', Math.round(engine.fraction * 100));
  }
  return vscode.l10n.t('Loading the model…');
}

/** As {@link explain}, but it only changes with the state, so that it can be read aloud. */
export function explainState(now: CurrentStatus): string {
  if (now.name === 'working') return explain({ ...now, name: 'ready' });
  const importing = now.name === 'loading' && now.engine.name === 'importing';
  return importing ? vscode.l10n.t('Preparing the model…') : explain(now);
}

/** Which models run and how, what they cost, and what is on its way; empty while nothing runs. */
export function factLines({ engine, settings, facts }: StatusParts): string[] {
  const format = new Format(vscode.env.language);
  const builtIn = settings.get('gemmaCode.completion.model') === '';
  return [
    ...modelLines(engine.statusOf('completion'), facts.speedOf('completion'), format, (model) =>
      modelName(model, builtIn),
    ),
    ...modelLines(engine.statusOf('chat'), facts.speedOf('chat'), format, (model) =>
      vscode.l10n.t('Chat: {0}', nameWithHost(model)),
    ),
    ...processLines(facts, format),
    ...facts.transfers.map((transfer) =>
      vscode.l10n.t('Download of {0}: {1}', nameOf(transfer), transferText(transfer, format)),
    ),
  ];
}

function modelLines(
  status: EngineStatus,
  speed: number | null,
  format: Format,
  nameFor: (model: RunningModel) => string,
): string[] {
  if (status.name !== 'ready' && status.name !== 'working') return [];
  const fast =
    speed === null ? [] : [vscode.l10n.t('{0} tokens/s', format.number(speed, speed < 10 ? 1 : 0))];
  const how = [...(isRemote(status.model) ? [] : [wayOf(status.model)]), ...fast];
  return [nameFor(status.model), ...(how.length === 0 ? [] : [how.join(' · ')])];
}

function wayOf({ backend, threads, quantization }: ModelInfo): string {
  return vscode.l10n.t('{0} backend, {1}, threads: {2}', backend, quantization, threads);
}

function processLines({ status }: EngineFacts, format: Format): string[] {
  if (status === null) return [];
  const { residentBytes, running, waiting } = status;
  const memory = vscode.l10n.t('Memory: {0}', format.memory(residentBytes));
  return running + waiting === 0
    ? [memory]
    : [memory, vscode.l10n.t('Running: {0}, waiting: {1}', running, waiting)];
}

/** As people call it. */
export function modelName(model: RunningModel, builtIn: boolean): string {
  return builtIn && !isRemote(model) ? vscode.l10n.t('{0} (built in)', BUILT_IN_MODEL) : nameWithHost(model);
}
