import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { FrameLocator, Locator } from 'playwright-core';
import { isVsCodeHostAvailable } from '../../scripts/setup/vscodeHost.mjs';
import type { Workbench } from '../host/workbench.ts';
import type { ScriptedEngine } from '../support/scripted/installScriptedEngine.ts';
import { ask, box, finished, lastAsked, openChat, startScripted } from './chatView.ts';
import type { InstalledVsCode } from './installed.ts';

/** In orders.ts of the sample. */
const TOTAL_OF = { line: 60, text: 'let total = 0;' };

describe('the chat among the other parts of VS Code', function () {
  this.timeout(120_000);
  let code: InstalledVsCode;
  let engine: ScriptedEngine;

  before(async function () {
    if (!isVsCodeHostAvailable()) this.skip();
    ({ code, engine } = await startScripted({ 'git.enabled': true }));
  });

  after(() => code?.remove());

  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    await code.picture(`failed: ${this.currentTest.title}`);
    console.log(await code.server.logs());
  });

  it('fixes what the lightbulb is about, and knows what the language finds wrong', async () => {
    const workbench = await code.openSample();
    await workbench.openFile('orders.ts', TOTAL_OF.line);
    await openChat(workbench);
    await workbench.openFile('orders.ts', TOTAL_OF.line);
    await workbench.press('Enter');
    await workbench.type("total = 'none';");
    await workbench.page.locator('.squiggly-error').nth(1).waitFor();
    const menu = await openLightbulb(workbench);
    await menu.getByText('Explain with Gemma').waitFor();
    await menu.getByText('Edit with Gemma…').waitFor();
    await code.picture('lightbulb');
    await menu.getByText('Fix with Gemma').click();
    const chat = await openChat(workbench);
    await finished(chat.locator('li.answer'));
    await code.picture('lightbulb-fix');
    const asked = await lastAsked(engine);
    assert.match(asked, /Problems in orders\.ts:61\n```\nError in line 61: Type 'string' is not assignable/);
    assert.match(asked, /Selected code from orders\.ts:61[^]*total = 'none';/);
  });

  it('edits a selection as a person wishes, after a preview, as one undo step', async () => {
    const workbench = await code.openSample();
    await openChat(workbench);
    await workbench.openFile('orders.ts', TOTAL_OF.line);
    const before = await workbench.read('orders.ts');
    await workbench.press('Shift+Alt+\\');
    const widget = workbench.page.locator('.quick-input-widget');
    await widget.locator('input').fill('Use reduce');
    await code.picture('edit-wish');
    await workbench.press('Enter');
    const apply = workbench.page.getByRole('button', { name: 'Apply', exact: true });
    await apply.waitFor();
    await code.picture('edit-preview');
    await apply.click();
    await workbench.page.locator('.view-line', { hasText: 'orders.reduce' }).first().waitFor();
    await workbench.save();
    assert.match(await workbench.read('orders.ts'), /return orders\.reduce/);
    assert.match(await lastAsked(engine), /Selected code from orders\.ts[^]*as follows: Use reduce/);
    await workbench.press('Control+Z');
    await workbench.page.locator('.view-line', { hasText: TOTAL_OF.text }).first().waitFor();
    await workbench.save();
    assert.equal(await workbench.read('orders.ts'), before);
  });

  it('writes a commit message into the box of the source control view', async () => {
    const workbench = await code.openSample(changedRepository);
    await openChat(workbench);
    await workbench.press('Control+Shift+G');
    const title = workbench.page.getByRole('button', { name: 'Generate Commit Message' });
    await title.first().waitFor();
    await code.picture('commit-before');
    await title.first().click();
    await workbench.page.locator('.scm-editor .view-line', { hasText: 'Count refunds in cents' }).waitFor();
    await code.picture('commit-message');
    assert.match(await lastAsked(engine), /Changes:[^]*\+\/\/ In cents\.[^]*git commit/);
  });

  it('attaches all that is at hand: selection, problems, changes, terminal, outline, an open file, a dropped one', async () => {
    const workbench = await code.openSample(changedRepository);
    await workbench.runCommand('Terminal: Create New Terminal');
    await workbench.page.locator('.terminal-wrapper.active .xterm').waitFor();
    await workbench.type('echo seen in the $((20 + 1))st century\n');
    const chat = await openChat(workbench);
    await workbench.openFile('orders.ts', TOTAL_OF.line);
    await workbench.press('Enter');
    await workbench.type("total = 'none';");
    await workbench.page.locator('.squiggly-error').nth(1).waitFor();
    await workbench.press('Shift+Home');
    await workbench.runCommand('Terminal: Select All');
    await openChat(workbench);
    const attach = async (query: string, option: RegExp): Promise<void> => {
      await box(chat).fill('');
      await box(chat).pressSequentially(`#${query}`);
      await chat.getByRole('option', { name: option }).first().click();
      await chat.getByRole('option').first().waitFor({ state: 'detached' });
    };
    await attach('sel', /^Selection/);
    await attach('prob', /^Problems/);
    await attach('chang', /^Changes/);
    await attach('term', /^Terminal selection/);
    await attach('sample', /Files and names/);
    await chat.getByRole('button', { name: 'Attach', exact: true }).click();
    await box(chat).and(chat.locator(':focus')).waitFor();
    await box(chat).pressSequentially('refunds');
    await chat.getByRole('option', { name: /^refunds\.ts/ }).click();
    const attached = chat.getByRole('listitem').filter({ hasText: /\d+ tokens/ });
    await attached.nth(5).waitFor();
    await code.picture('attachments');
    await dropUri(
      chat,
      `vscode-remote://127.0.0.1:${code.server.port}${path.join(workbench.folder, 'server.go')}`,
    );
    await attached.nth(6).waitFor();
    await ask(chat, 'What is all this?');
    await finished(chat.locator('li.answer'));
    const asked = await lastAsked(engine);
    assert.match(asked, /Selected code from orders\.ts:61\n```typescript\n\s*total = 'none';/);
    assert.match(asked, /Problems in orders\.ts[^]*is not assignable to type 'number'/);
    assert.match(asked, /\+\/\/ In cents\./);
    assert.match(asked, /seen in the 21st century/);
    assert.match(asked, /File refunds\.ts\n```typescript\n\/\/ In cents/);
    assert.match(asked, /File server\.go\n```go\n[^]*package main/);
  });

  it('exports a conversation as Markdown to a file that the person names', async () => {
    const workbench = await code.openSample();
    const chat = await openChat(workbench);
    await chat.getByRole('button', { name: 'New Chat' }).click();
    await ask(chat, 'Write to a file');
    await finished(chat.locator('li.answer'));
    await chat.getByRole('button', { name: 'Export the conversation' }).click();
    const target = path.join(workbench.folder, 'talk.md');
    await nameFile(workbench, target);
    await workbench.page.locator('.tab.active', { hasText: 'talk.md' }).waitFor();
    const exported = await readFile(target, 'utf8');
    assert.match(exported, /Write to a file[^]*An answer to something else\./);
  });

  it('shows one conversation in the sidebar and in an editor at once', async () => {
    const workbench = await code.openSample();
    const side = await openChat(workbench);
    await side.getByRole('button', { name: 'New Chat' }).click();
    await box(side).and(side.locator(':focus')).waitFor();
    await workbench.runCommand('Gemma Code: Open Chat in an Editor');
    const frames = workbench.page.frameLocator('iframe.webview.ready');
    await workbench.page.locator('iframe.webview.ready').nth(1).waitFor();
    await ask(frames.nth(0).frameLocator('#active-frame'), 'Who is listening?');
    for (const page of [0, 1].map((i) => frames.nth(i).frameLocator('#active-frame'))) {
      await page.locator('li.question').getByText('Who is listening?').waitFor();
      await finished(page.locator('li.answer'));
    }
    await code.picture('chat-twice');
  });

  it('lets two windows write one conversation, and loses nothing of either', async () => {
    const first = await code.openSample();
    const chat = await openChat(first);
    await chat.getByRole('button', { name: 'New Chat' }).click();
    await ask(chat, 'From the first window');
    await finished(chat.locator('li.answer'));
    const second = await code.openWindow(await mkdtemp(path.join(tmpdir(), 'gemma-code-window-')));
    const other = await openChat(second);
    await other.getByRole('button', { name: 'Conversations' }).click();
    await other.getByRole('button', { name: 'Open “From the first window”' }).first().click();
    await other.locator('li.question').getByText('From the first window').waitFor();
    await code.picture('two-windows-before');
    await Promise.all([ask(chat, 'One more here, slowly'), ask(other, 'One more there, slowly')]);
    await chat.getByRole('button', { name: 'Stop' }).click();
    await other.getByRole('button', { name: 'Stop' }).click();
    await finished(chat.locator('li.answer'));
    await finished(other.locator('li.answer'));
    const again = await code.openSample();
    const last = await openChat(again);
    await last.getByRole('button', { name: 'Conversations' }).click();
    await last.getByRole('button', { name: 'Open “From the first window”' }).first().click();
    for (const question of ['From the first window', 'One more here, slowly', 'One more there, slowly'])
      await last.locator('li.question').getByText(question).waitFor();
    assert.equal(await last.locator('.failed').count(), 0, 'each was answered');
    await code.picture('two-windows');
  });
});

describe('the chat in a folder that nobody trusts', function () {
  this.timeout(120_000);
  let code: InstalledVsCode;
  let engine: ScriptedEngine;

  before(async function () {
    if (!isVsCodeHostAvailable()) this.skip();
    ({ code, engine } = await startScripted(
      { 'security.workspace.trust.startupPrompt': 'never' },
      { workspaceTrust: true },
    ));
  });

  after(() => code?.remove());

  it('answers, and reads open files alone', async () => {
    const workbench = await code.openSample();
    await workbench.page.getByText('Restricted Mode').first().waitFor();
    await workbench.openFile('orders.ts', TOTAL_OF.line);
    const chat = await openChat(workbench);
    await box(chat).pressSequentially('#orders');
    const offered = chat.getByRole('option', { name: /^orders\.ts/ });
    await offered.waitFor();
    await box(chat).fill('#inventory');
    await offered.waitFor({ state: 'detached' });
    assert.equal(await chat.getByRole('option').count(), 0);
    await box(chat).fill('');
    await box(chat).pressSequentially('#orders');
    await offered.click();
    await dropUri(
      chat,
      `vscode-remote://127.0.0.1:${code.server.port}${path.join(workbench.folder, 'server.go')}`,
    );
    await workbench.page.getByText('In Restricted Mode only open files can be attached.').first().waitFor();
    await code.picture('restricted');
    await ask(chat, 'What is this?');
    await finished(chat.locator('li.answer'));
    const asked = await lastAsked(engine);
    assert.match(asked, /orders\.ts/);
    assert.doesNotMatch(asked, /package main|inventory/);
  });
});

/** Drops a file of the explorer onto the page, as VS Code does. */
async function dropUri(chat: FrameLocator, uri: string): Promise<void> {
  await chat.locator('body').evaluate((_, text) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.setData('text/uri-list', text);
    const target = document.querySelector('main') ?? document.body;
    for (const type of ['dragenter', 'dragover', 'drop'])
      target.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  }, uri);
}

/**
 * For the line that the cursor is in. VS Code closes the menu when diagnostics arrive; a person selects and opens it
 * again.
 */
async function openLightbulb({ page }: Workbench): Promise<Locator> {
  const menu = page.locator('.action-widget').first();
  const fix = menu.getByText('Fix with Gemma');
  for (;;) {
    await page.keyboard.press('End');
    await page.keyboard.press('Shift+Home');
    await page.keyboard.press('Control+.');
    await fix.waitFor({ timeout: 2_000 }).catch(() => undefined);
    await page.waitForTimeout(500);
    if (await fix.isVisible()) return menu;
    if (await menu.isVisible()) await page.keyboard.press('Escape');
  }
}

/** VS Code puts the folder into the box a moment after the dialog is there. */
async function nameFile({ page }: Workbench, target: string): Promise<void> {
  const name = page.locator('.quick-input-widget input');
  await page.locator('.quick-input-widget .monaco-list-row').first().waitFor();
  while ((await name.inputValue()) !== target) {
    await name.fill(target);
    await page.waitForTimeout(500);
  }
  await page.keyboard.press('Enter');
}

/** A repository with one commit, and one change since. */
async function changedRepository(folder: string): Promise<void> {
  const git = (...args: string[]): Promise<unknown> =>
    promisify(execFile)('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@localhost', ...args], {
      cwd: folder,
    });
  await git('init', '--quiet');
  await git('add', '.');
  await git('commit', '--quiet', '--message', 'Begin');
  const file = path.join(folder, 'refunds.ts');
  await writeFile(file, `// In cents.\n${await readFile(file, 'utf8')}`);
}
