import assert from 'node:assert/strict';
import path from 'node:path';
import { isVsCodeHostAvailable } from '../../scripts/setup/vscodeHost.mjs';
import { inferenceProcesses } from '../host/inferenceProcesses.ts';
import { scenes } from '../host/sample.ts';
import type { Workbench } from '../host/workbench.ts';
import { openInspector } from './inspectorView.ts';
import { InstalledVsCode, play } from './installed.ts';

/** By the class that VS Code gives the page's body. */
const themes = {
  'vscode-light': 'Light Modern',
  'vscode-high-contrast': 'Dark High Contrast',
  'vscode-dark': 'Dark Modern',
} as const;

const POLL_MS = 30;

describe('the view in the sidebar', function () {
  this.timeout(180_000);
  let code: InstalledVsCode;

  before(async function () {
    if (!isVsCodeHostAvailable()) this.skip();
    code = await InstalledVsCode.start();
  });

  after(() => code?.remove());

  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    await code.picture(`failed: ${this.currentTest.title}`);
    console.log(await code.server.logs());
  });

  it('says how the engine is, and what was suggested where', async () => {
    const workbench = await code.openSample();
    const view = await openInspector(workbench);
    await view.getByText('Type in a file').waitFor();
    await view.getByRole('status').filter({ hasText: 'Ready.' }).waitFor();
    assert.match(await view.locator('.facts').first().innerText(), /Pebble \(built in\)[^]*wasm/);
    await play(workbench, scenes.typescript);
    const suggestion = await workbench.waitForGhostText();
    const record = view
      .locator('details')
      .filter({ has: view.locator('code', { hasText: suggestion.trim() }) });
    await record.first().waitFor();
    assert.match(await record.first().innerText(), /orders\.ts[^]*typescript[^]*\d+%/);
    await workbench.press('Escape');
    await workbench.press('Home');
    await workbench.type('x');
    await view.getByText('The model was not asked: there is text after the cursor.').waitFor();
    await record.first().locator('summary').click();
    assert.match(await record.first().innerText(), /\d+ tokens, \d+ of them cached/);
    for (const [mode, theme] of Object.entries(themes)) {
      await chooseTheme(workbench, theme);
      await view.locator(`body.${mode}`).waitFor();
      await code.picture(`inspector-${mode}`);
    }
    assert.deepEqual(code.foreignRequests, []);
  });

  it('restarts the engine, and switches automatic suggestions off and on', async () => {
    const workbench = await code.openSample();
    const view = await openInspector(workbench);
    await view.getByRole('status').filter({ hasText: 'Ready.' }).waitFor();
    const running = () => inferenceProcesses(path.join(code.folder, 'run'));
    const before = await running();
    assert.equal(before.length, 1);
    await view.getByRole('button', { name: 'Restart the engine' }).click();
    let after = before;
    while (after.length !== 1 || after[0] === before[0]) {
      await workbench.page.waitForTimeout(POLL_MS);
      after = await running();
    }
    await view.getByRole('status').filter({ hasText: 'Ready.' }).waitFor();

    await view.getByRole('button', { name: 'Suggest only when I ask' }).click();
    await view.getByRole('button', { name: 'Suggest while I type' }).click();
    await view.getByRole('button', { name: 'Suggest only when I ask' }).waitFor();
  });
});

async function chooseTheme({ page }: Workbench, theme: string): Promise<void> {
  await page.keyboard.press('Control+K');
  await page.keyboard.press('Control+T');
  const widget = page.locator('.quick-input-widget');
  await widget.locator('input').fill(theme);
  await widget.locator('.monaco-list-row.focused', { hasText: theme }).waitFor();
  await page.keyboard.press('Enter');
  await widget.waitFor({ state: 'hidden' });
}
