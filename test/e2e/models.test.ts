import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Locator } from 'playwright-core';
import { isVsCodeHostAvailable } from '../../scripts/setup/vscodeHost.mjs';
import { inferenceProcesses } from '../host/inferenceProcesses.ts';
import type { Workbench } from '../host/workbench.ts';
import { writeChatCheckpoint } from '../support/chatCheckpoint.ts';
import { startHub, type Answer, type Asked, type Hub } from '../support/hub.ts';
import { ask, finished, openChat } from './chatView.ts';
import { EXTENSION_ID, InstalledVsCode } from './installed.ts';

/** What the hub gives under this name is a tiny model of the same kind. */
const REPOSITORY = 'google/gemma-3-270m-it';
const NAME = 'Gemma 3 270M Instruct';
const TOKEN = 'hf_for_this_test';

describe('models for people', function () {
  this.timeout(120_000);
  let folder: string;
  let hub: Hub;
  let code: InstalledVsCode;

  before(async function () {
    if (!isVsCodeHostAvailable()) this.skip();
    folder = await mkdtemp(path.join(tmpdir(), 'gemma-hub-'));
    await writeChatCheckpoint(folder);
    hub = await startHub(folder, { repository: REPOSITORY });
    code = await InstalledVsCode.start({ settings: { 'gemmaCode.models.endpoint': hub.origin } });
  });

  after(async () => {
    await code?.remove();
    await hub?.[Symbol.asyncDispose]();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    await code.picture(`failed: ${this.currentTest.title}`);
    console.log(await code.server.logs());
  });

  it('are found, downloaded with a token, paused, resumed, used, and removed', async () => {
    const half = (hub.files.get('model.safetensors')?.length ?? 0) / 2;
    hub.answer = (asked) => onlyFor(TOKEN, asked) ?? untilHalf(half, asked);
    const workbench = await code.openSample();

    await workbench.runAskingCommand('Gemma Code: Get a Model…');
    const picker = workbench.page.locator('.quick-input-widget');
    await picker.getByText('Recommended for this machine').waitFor();
    await code.picture('models-get');
    await workbench.choose(NAME, NAME);

    const dialog = workbench.page.locator('.monaco-dialog-box');
    await dialog.getByText('wants to know who downloads').waitFor();
    await code.picture('models-licence');
    await dialog.getByRole('button', { name: 'Enter Token' }).click();
    await enterToken(workbench);

    // The driver keeps VS Code from showing notifications by itself.
    await workbench.runCommand('Notifications: Show Notifications');
    const notification = workbench.page.locator('.notifications-center .notification-list-item');
    await notification.getByText(new RegExp(`Downloading ${NAME}: \\d+%.* of `)).waitFor();
    await code.picture('models-notification');
    await workbench.runCommand('Gemma Code: Show Models');
    const row = modelRow(workbench);
    await row.getByText(/^\d+%.* of /).waitFor();
    await inBothThemes(workbench, 'downloading');

    // Neither the end of the process nor that of the window ends it.
    const [pid] = await inferenceProcesses(path.join(code.folder, 'run'));
    assert.ok(pid !== undefined);
    process.kill(pid, 'SIGKILL');
    await askedAgain(hub);
    await row.getByText(/^\d+%.* of /).waitFor();
    await workbench.page.reload();
    await workbench.page.locator('.statusbar-item', { hasText: `Downloading ${NAME}` }).waitFor();
    await row.getByText(/^\d+%.* of /).waitFor();
    await code.picture('models-after-reload');
    await press(row, 'Pause');
    await row.getByText(/^paused at \d+%/).waitFor();
    const served = hub.servedBytes;
    await code.picture('models-paused');

    hub.answer = (asked) => onlyFor(TOKEN, asked);
    await press(row, 'Resume');
    // This VS Code keeps secrets no longer than a page.
    await dialog.getByRole('button', { name: 'Enter Token' }).click();
    await enterToken(workbench);
    await workbench.runCommand('Notifications: Show Notifications');
    await notification.getByText(`${NAME} is ready.`).waitFor();
    assert.ok(hub.servedBytes < served + half * 1.2, 'what was received is not asked for again');
    await notification.getByRole('button', { name: 'Use for Chat' }).click();
    await row.getByText(/^used for chat · /).waitFor();

    const chat = await openChat(workbench);
    await ask(chat, 'Are you there?');
    await finished(chat.locator('li.answer'));
    await inBothThemes(workbench, 'installed');
    const told = await workbench.statusBarTooltip(EXTENSION_ID);
    assert.ok(told.includes('Chat: gemma-3-270m-it'), told.join('\n'));
    assert.ok(
      told.some((line) => /^Memory: [\d.]+ [MG]B$/u.test(line)),
      told.join('\n'),
    );
    await code.picture('models-status');

    await workbench.runCommand('Gemma Code: Show Models');
    await press(row, 'Remove…');
    await dialog.getByText(/on the disk become free\.$/).waitFor();
    await code.picture('models-remove');
    await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
    await row.getByText(/^used for chat/).waitFor({ state: 'detached' });
    const models = path.join(code.folder, 'user-data/User/globalStorage/gemma-code.gemma-code/models');
    while ((await readdir(models)).some((name) => name.startsWith('gemma-3-270m'))) await sleep(50);
    assert.ok(hub.asked.every(({ path: asked }) => asked.includes(REPOSITORY)));
    assert.deepEqual(code.foreignRequests, []);
  });

  async function enterToken(workbench: Workbench): Promise<void> {
    const box = workbench.page.locator('.quick-input-widget');
    await box.getByText(/^Read token of 127\.0\.0\.1/).waitFor();
    await code.picture('models-token');
    await box.locator('input').fill(TOKEN);
    await workbench.press('Enter');
  }

  async function inBothThemes(workbench: Workbench, name: string): Promise<void> {
    for (const [theme, title] of [
      ['light', 'Light Modern'],
      ['dark', 'Dark Modern'],
    ] as const) {
      await workbench.press('Control+K');
      await workbench.press('Control+T');
      await workbench.choose(title, title);
      await workbench.page
        .locator(theme === 'light' ? '.monaco-workbench.vs' : '.monaco-workbench.vs-dark')
        .waitFor();
      await code.picture(`models-${name}-${theme}`);
    }
  }
});

function modelRow(workbench: Workbench): Locator {
  return workbench.page.locator('.pane-body .monaco-list-row', { hasText: NAME });
}

/** The hub is asked for a file once more. */
async function askedAgain(hub: Hub): Promise<void> {
  const files = (): number => hub.asked.filter(({ file }) => file !== null).length;
  for (const before = files(); files() === before;) await sleep(50);
}

/** An action that a row shows under the mouse. */
async function press(row: Locator, name: string): Promise<void> {
  await row.hover();
  await row.getByRole('button', { name, exact: true }).click();
}

/** As the hub treats whoever it doesn't know. */
function onlyFor(token: string, { headers }: Asked): Answer | null {
  if (headers.authorization === `Bearer ${token}`) return null;
  return { status: 401, headers: { 'x-error-code': 'GatedRepo' }, body: 'Access is restricted.' };
}

/** The weights stop in the middle, without an end. */
function untilHalf(half: number, { file, from }: Asked): Answer | null {
  return file === 'model.safetensors' ? { dropAfter: Math.max(0, half - from), stall: true } : null;
}
