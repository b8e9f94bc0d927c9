import * as vscode from 'vscode';
import { Disposable } from './disposable.ts';
import { commands, statusItem } from './ids.ts';
import { fractionDone } from './models/format.ts';
import { remoteMark } from './remote/remoteText.ts';
import { explain, factLines, onStatusChange, statusNow } from './statusText.ts';
import type { StatusParts } from './statusText.ts';
import type { StatusName } from './statusView.ts';

const icons: Record<StatusName, string> = {
  loading: '$(loading~spin)',
  ready: '$(sparkle)',
  working: '$(loading~spin)',
  off: '$(circle-slash)',
  'language-off': '$(circle-slash)',
  snoozed: '$(bell-slash)',
  'on-battery': '$(plug)',
  error: '$(warning)',
};

/** Work that is over sooner is not worth a flicker. */
const SETTLE_MS = 150;

/** The state of completion in the corner of the window; a click opens the menu. */
export class StatusBar extends Disposable {
  readonly #item = this.own(
    vscode.window.createStatusBarItem(statusItem, vscode.StatusBarAlignment.Right, 90),
  );
  readonly #parts: StatusParts;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: StatusParts) {
    super();
    this.#parts = parts;
    this.#item.name = 'Gemma Code';
    this.#item.command = commands.showMenu;
    const later = (): void => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#show(), SETTLE_MS);
    };
    this.own(onStatusChange(this.#parts, later));
    this.own({ dispose: () => clearTimeout(this.#timer) });
    this.#show();
    this.#item.show();
  }

  #show(): void {
    const now = statusNow(this.#parts);
    const explained = explain(now);
    const { engine, settings, facts } = this.#parts;
    const remote = remoteMark(settings, (role) => engine.statusOf(role));
    const running = facts.transfers.find(({ state }) => state === 'running');
    const marks = [
      ...(remote === null ? [] : [`$(cloud-upload) ${remote.label}`]),
      ...(running === undefined ? [] : [`$(cloud-download) ${Math.floor(fractionDone(running) * 100)} %`]),
    ];
    this.#item.text = [`${icons[now.name]} Gemma Code`, ...marks].join(' ');
    const lines = [explained, ...factLines(this.#parts), ...(remote?.lines ?? [])];
    this.#item.tooltip = lines.join('\n');
    const spoken = [explained, ...(remote?.lines.slice(0, 1) ?? [])].join(' ');
    this.#item.accessibilityInformation = { label: `Gemma Code: ${spoken}`, role: 'button' };
    this.#item.backgroundColor =
      now.name === 'error' ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
  }
}
