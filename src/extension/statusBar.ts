import * as vscode from 'vscode';
import { Disposable } from './disposable.ts';
import { commands, statusItem } from './ids.ts';
import { fractionDone } from './models/format.ts';
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
    const running = this.#parts.facts.transfers.find(({ state }) => state === 'running');
    const download =
      running === undefined ? '' : ` $(cloud-download) ${Math.floor(fractionDone(running) * 100)} %`;
    this.#item.text = `${icons[now.name]} Gemma Code${download}`;
    this.#item.tooltip = [explained, ...factLines(this.#parts)].join('\n');
    this.#item.accessibilityInformation = { label: `Gemma Code: ${explained}`, role: 'button' };
    this.#item.backgroundColor =
      now.name === 'error' ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
  }
}
