import * as vscode from 'vscode';
import { isLanguageOn } from '../completion/policy.ts';
import type { BatteryChoice } from '../completion/policy.ts';
import type { ModelInfo } from '../protocol/engine.ts';
import type { Engine, EngineStatus } from './engine.ts';
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
}

/** The state of completion in the active editor. */
export interface CurrentStatus {
  readonly name: StatusName;
  /** What the battery leaves of completion. */
  readonly battery: BatteryChoice;
  readonly engine: EngineStatus;
  /** Of the active editor; null without one. */
  readonly languageId: string | null;
  /** Whether the model is the one inside the extension. */
  readonly builtIn: boolean;
}

/** As its model card calls it. */
const BUILT_IN_MODEL = 'Pebble';

/** Calls `listener` whenever {@link statusNow} may have changed. */
export function onStatusChange(parts: StatusParts, listener: () => void): vscode.Disposable {
  const { engine, settings, snooze, battery } = parts;
  return vscode.Disposable.from(
    engine.onStatus(listener),
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
  return { name, battery: battery.now, engine: status, languageId, builtIn };
}

/** One sentence for people. */
export function explain({ name, battery, engine, languageId }: CurrentStatus): string {
  const sentences: Record<StatusName, () => string> = {
    loading: () => explainLoading(engine),
    ready: () => vscode.l10n.t('Ready.'),
    working: () => vscode.l10n.t('Working…'),
    off: () => vscode.l10n.t('Completion is off. Nothing is running.'),
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

/** Which model runs and how; empty while none does. */
export function modelLines({ engine, builtIn }: CurrentStatus): string[] {
  if (engine.name !== 'ready' && engine.name !== 'working') return [];
  const { backend, threads, quantization } = engine.model;
  return [
    modelName(engine.model, builtIn),
    vscode.l10n.t('{0} backend, {1}, threads: {2}', backend, quantization, threads),
  ];
}

/** As people call it. */
export function modelName({ name }: ModelInfo, builtIn: boolean): string {
  return builtIn ? vscode.l10n.t('{0} (built in)', BUILT_IN_MODEL) : name;
}
