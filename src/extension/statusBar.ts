import * as vscode from 'vscode';
import { isLanguageOn } from '../completion/policy.ts';
import { Disposable } from './disposable.ts';
import type { Engine, EngineStatus } from './engine.ts';
import { commands, statusItem } from './ids.ts';
import type { Settings } from './settings.ts';
import type { Snooze } from './snooze.ts';
import { statusNameOf } from './statusView.ts';
import type { StatusName } from './statusView.ts';

const icons: Record<StatusName, string> = {
  loading: '$(loading~spin)',
  ready: '$(sparkle)',
  working: '$(loading~spin)',
  off: '$(circle-slash)',
  'language-off': '$(circle-slash)',
  snoozed: '$(bell-slash)',
  error: '$(warning)',
};

/** As its model card calls it. */
const BUILT_IN_MODEL = 'Pebble';

/** Work that is over sooner is not worth a flicker. */
const SETTLE_MS = 150;

/** The state of completion in the corner of the window; a click opens the menu. */
export class StatusBar extends Disposable {
  readonly #item = this.own(
    vscode.window.createStatusBarItem(statusItem, vscode.StatusBarAlignment.Right, 90),
  );
  readonly #engine: Engine;
  readonly #settings: Settings;
  readonly #snooze: Snooze;
  #timer: NodeJS.Timeout | undefined;

  constructor(engine: Engine, settings: Settings, snooze: Snooze) {
    super();
    this.#engine = engine;
    this.#settings = settings;
    this.#snooze = snooze;
    this.#item.name = 'Gemma Code';
    this.#item.command = commands.showMenu;
    const later = (): void => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#show(), SETTLE_MS);
    };
    this.own(engine.onStatus(later));
    this.own(snooze.onChange(later));
    this.own(settings.onChange(later));
    this.own(vscode.window.onDidChangeActiveTextEditor(later));
    this.own({ dispose: () => clearTimeout(this.#timer) });
    this.#show();
    this.#item.show();
  }

  #show(): void {
    const { status } = this.#engine;
    const languageId = vscode.window.activeTextEditor?.document.languageId;
    const languages = this.#settings.get('gemmaCode.completion.languages');
    const name = statusNameOf({
      engine: status,
      enabled: this.#settings.get('gemmaCode.completion.enabled'),
      languageOn: languageId === undefined ? null : isLanguageOn(languages, languageId),
      snoozed: this.#snooze.active,
    });
    const explained = explain(name, status, languageId ?? '');
    const builtIn = this.#settings.get('gemmaCode.engine.model') === '';
    this.#item.text = `${icons[name]} Gemma Code`;
    this.#item.tooltip = [explained, ...modelLines(status, builtIn)].join('\n');
    this.#item.accessibilityInformation = { label: `Gemma Code: ${explained}`, role: 'button' };
    this.#item.backgroundColor =
      name === 'error' ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
  }
}

function explain(name: StatusName, status: EngineStatus, languageId: string): string {
  const sentences: Record<StatusName, () => string> = {
    loading: () => explainLoading(status),
    ready: () => vscode.l10n.t('Ready.'),
    working: () => vscode.l10n.t('Working…'),
    off: () => vscode.l10n.t('Completion is off. Nothing is running.'),
    'language-off': () => vscode.l10n.t('Completion is off for {0}.', languageId),
    snoozed: () => vscode.l10n.t('Completion is snoozed.'),
    error: () => (status.name === 'failed' ? status.error.message : ''),
  };
  return sentences[name]();
}

function explainLoading(status: EngineStatus): string {
  if (status.name === 'restarting') {
    return vscode.l10n.t('The engine stopped and is being restarted (attempt {0}).', status.attempt);
  }
  if (status.name === 'importing') {
    return vscode.l10n.t('Preparing the model: {0} %', Math.round(status.fraction * 100));
  }
  return vscode.l10n.t('Loading the model…');
}

function modelLines(status: EngineStatus, builtIn: boolean): string[] {
  if (status.name !== 'ready' && status.name !== 'working') return [];
  const { name, backend, threads, quantization } = status.model;
  const model = builtIn ? vscode.l10n.t('{0} (built in)', BUILT_IN_MODEL) : name;
  return [model, vscode.l10n.t('{0} backend, {1}, threads: {2}', backend, quantization, threads)];
}
