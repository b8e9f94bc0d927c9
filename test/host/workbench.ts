import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import type { VsCodeServer } from './server.ts';

/** UI steps wait for a condition, on busy machines too. */
const STEP_LIMIT_MS = 60_000;
/** Ghost text is drawn in one go; what stays this long is complete. */
const SETTLED_MS = 100;
const POLL_MS = 30;
/** What goes beyond the selected item of an open suggest widget has a class of its own. */
const GHOST_TEXT = '.monaco-editor :is(.ghost-text-decoration, .ghost-text-decoration-preview)';

export interface WorkbenchOptions {
  /** Workspace folder; absent: an empty window. */
  readonly folder?: string;
  /** Extensions to load from their folders. */
  readonly extensions?: readonly string[];
  /** Module whose `run` the extension host calls. */
  readonly tests?: string;
}

/** Address of the server's workbench page. The payload is a list of pairs that the page takes for command-line options. */
export function workbenchAddress(server: VsCodeServer, options: WorkbenchOptions): string {
  const authority = `127.0.0.1:${server.port}`;
  const remote = (file: string) => `vscode-remote://${authority}${path.resolve(file)}`;
  const payload = [
    ...(options.extensions ?? []).map((folder) => ['extensionDevelopmentPath', remote(folder)]),
    ...(options.tests === undefined ? [] : [['extensionTestsPath', remote(options.tests)]]),
    ['skipWelcome', 'true'],
    ['skipReleaseNotes', 'true'],
  ];
  const query = new URLSearchParams({ payload: JSON.stringify(payload) });
  if (options.folder === undefined) query.set('ew', 'true');
  else query.set('folder', path.resolve(options.folder));
  return `http://${authority}/?${query}`;
}

/** The workbench as a person's eyes and hands see it. Lines count from 1, as the editor shows them. */
export class Workbench {
  readonly page: Page;
  readonly ghostText: Locator;
  /** The opened folder. */
  readonly folder: string;

  private constructor(page: Page, folder: string) {
    this.page = page;
    this.folder = folder;
    this.ghostText = page.locator(GHOST_TEXT);
  }

  /** Loads the page and waits until the workbench stands. */
  static async open(page: Page, server: VsCodeServer, options: WorkbenchOptions): Promise<Workbench> {
    page.setDefaultTimeout(STEP_LIMIT_MS);
    await page.goto(workbenchAddress(server, options));
    await page.locator('.monaco-workbench .part.statusbar').waitFor();
    return new Workbench(page, options.folder ?? '');
  }

  /** Opens a file of the folder and puts the cursor at the end of a line. */
  async openFile(name: string, line: number): Promise<void> {
    await this.page.keyboard.press('Control+P');
    await this.#pick(name, path.basename(name));
    await this.page.locator(`.tab.active[data-resource-name="${path.basename(name)}"]`).waitFor();
    await this.page.keyboard.press('Control+G');
    await this.#pick(`:${line}`, `line ${line}`);
    await this.page
      .locator('.statusbar-item', { hasText: `Ln ${line},` })
      .first()
      .waitFor();
    await this.page.locator('.monaco-editor.focused').first().waitFor();
    // VS Code makes the part of an editor that asks for ghost text when it is idle: what is typed before isn't seen.
    await this.page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve)));
    await this.page.keyboard.press('End');
  }

  /** Fills in the quick input and presses Enter once the wanted row is there. */
  async #pick(text: string, row: string): Promise<void> {
    await this.choose(text, row);
    await this.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  }

  /** As the quick input is open: chooses a row of it; perhaps another question comes then. */
  async choose(text: string, row: string): Promise<void> {
    const widget = this.page.locator('.quick-input-widget');
    await widget.locator('input').fill(text);
    await widget.locator('.monaco-list-row', { hasText: row }).first().waitFor();
    await this.page.keyboard.press('Enter');
  }

  async type(text: string, delayMs = 0): Promise<void> {
    await this.page.keyboard.type(text, { delay: delayMs });
  }

  press(key: string): Promise<void> {
    return this.page.keyboard.press(key);
  }

  /** Runs a command by its title in the command palette. */
  async runCommand(title: string): Promise<void> {
    await this.page.keyboard.press('F1');
    await this.#pick(`>${title}`, title);
  }

  /** Resolves within a frame of ghost text appearing; a locator looks only twice a second after a while. */
  async ghostTextAppears(limitMs = STEP_LIMIT_MS): Promise<void> {
    await this.page.waitForFunction((css) => document.querySelector(css) !== null, GHOST_TEXT, {
      timeout: limitMs,
      polling: 'raf',
    });
  }

  /** Waits for ghost text and gives it as shown once it is drawn completely. */
  async waitForGhostText(limitMs = STEP_LIMIT_MS): Promise<string> {
    await this.ghostTextAppears(limitMs);
    for (let text = await this.shownGhostText(); ;) {
      await this.page.waitForTimeout(SETTLED_MS);
      const later = await this.shownGhostText();
      if (later === text && text !== '') return text;
      text = later;
    }
  }

  /** Resolves when the shown ghost text, or the empty string for none, is as `wanted` says. */
  async ghostTextBecomes(wanted: (text: string) => boolean): Promise<void> {
    const end = Date.now() + STEP_LIMIT_MS;
    let text = await this.shownGhostText();
    while (!wanted(text)) {
      if (Date.now() > end) throw new Error(`The ghost text stayed “${text}”.`);
      await this.page.waitForTimeout(POLL_MS);
      text = await this.shownGhostText();
    }
  }

  ghostTextGone(): Promise<void> {
    return this.ghostTextBecomes((text) => text === '');
  }

  /** The ghost text on screen; empty when there is none. The editor draws spaces as no-break spaces. */
  async shownGhostText(): Promise<string> {
    const parts = await this.ghostText.allTextContents();
    return parts.join('').replaceAll('\u00A0', ' ');
  }

  /** Saves the active editor and waits until it is on disk. */
  async save(): Promise<void> {
    await this.page.keyboard.press('Control+S');
    await this.page.locator('.tab.active:not(.dirty)').waitFor();
  }

  /** Content of a file of the folder on disk. */
  read(name: string): Promise<string> {
    return readFile(path.join(this.folder, name), 'utf8');
  }

  /** The status-bar entries whose element id begins with `prefix`, such as an extension's id. */
  statusBarItem(prefix: string): Locator {
    return this.page.locator(`.statusbar-item[id^="${prefix}"]`);
  }

  /** What the status-bar entry says when the mouse rests on it, line by line. */
  async statusBarTooltip(prefix: string): Promise<string[]> {
    await this.statusBarItem(prefix).first().hover();
    const hover = this.page.locator('.workbench-hover:visible').first();
    await hover.waitFor();
    return (await hover.innerText()).split('\n').filter((line) => line.trim() !== '');
  }

  /** Runs a command that asks something in the place of the command palette. */
  async runAskingCommand(title: string): Promise<void> {
    await this.page.keyboard.press('F1');
    await this.choose(`>${title}`, title);
  }

  async screenshot(file: string): Promise<void> {
    await this.page.screenshot({ path: file });
  }
}
