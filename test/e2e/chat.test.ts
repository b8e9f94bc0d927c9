import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { FrameLocator } from 'playwright-core';
import { isVsCodeHostAvailable } from '../../scripts/setup/vscodeHost.mjs';
import type { Workbench } from '../host/workbench.ts';
import { installScriptedEngine, type ScriptedEngine } from '../support/scripted/installScriptedEngine.ts';
import { InstalledVsCode } from './installed.ts';

describe('the chat in the sidebar, with a model that follows a script', function () {
  this.timeout(180_000);
  let code: InstalledVsCode;
  let engine: ScriptedEngine;

  before(async function () {
    if (!isVsCodeHostAvailable()) this.skip();
    code = await InstalledVsCode.start({ settings: { 'gemmaCode.engine.model': '/models/gemma-3-1b-it' } });
    const extensions = path.join(code.folder, 'extensions');
    const folder = (await readdir(extensions)).find((name) => name.startsWith('gemma-code.gemma-code'));
    assert.ok(folder);
    engine = await installScriptedEngine(path.join(extensions, folder));
  });

  after(() => code?.remove());

  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    await code.picture(`failed: ${this.currentTest.title}`);
    console.log(await code.server.logs());
  });

  it('answers a question, with what the model was sent and what it cost', async () => {
    const workbench = await code.openSample();
    const chat = await openChat(workbench);
    await code.picture('chat-welcome');
    const box = chat.getByRole('textbox', { name: 'Your question' });
    await box.fill('Please explain the median');
    await box.press('Enter');
    const answer = chat.locator('article.answer');
    await answer.getByRole('table').waitFor();
    await answer.getByRole('button', { name: 'Write anew' }).waitFor();
    assert.match(await answer.innerText(), /The function median sorts a copy/);
    assert.match(await answer.innerText(), /\d+ tokens · \d+ tokens\/s/);
    await code.picture('chat-answer');
    const [asked] = await engine.received();
    assert.equal(asked?.turns.at(-1)?.text, 'Please explain the median');
    assert.deepEqual(code.foreignRequests, []);
  });
});

async function openChat(workbench: Workbench): Promise<FrameLocator> {
  await workbench.runCommand('Gemma Code: Open Chat');
  const chat = workbench.page.frameLocator('iframe.webview.ready').first().frameLocator('#active-frame');
  await chat.getByRole('textbox', { name: 'Your question' }).waitFor();
  return chat;
}
