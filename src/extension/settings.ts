import * as vscode from 'vscode';
import { Disposable } from './disposable.ts';
import { settingValue } from './settingsSchema.ts';
import type { SettingId, SettingValue } from './settingsSchema.ts';

const SECTION = 'gemmaCode';

/**
 * The person's settings. Only their own values count: what an opened folder says is ignored, whatever scope VS Code
 * would grant it.
 */
export class Settings extends Disposable {
  readonly #changed = this.own(new vscode.EventEmitter<void>());
  readonly onChange = this.#changed.event;

  constructor() {
    super();
    this.own(
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration(SECTION)) this.#changed.fire();
      }),
    );
  }

  get<K extends SettingId>(id: K): SettingValue<K> {
    return settingValue(id, vscode.workspace.getConfiguration().inspect(id)?.globalValue);
  }

  async set<K extends SettingId>(id: K, value: SettingValue<K>): Promise<void> {
    await vscode.workspace.getConfiguration().update(id, value, vscode.ConfigurationTarget.Global);
  }
}
