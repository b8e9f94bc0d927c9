import assert from 'node:assert/strict';
import { isVsCodeHostAvailable } from '../../scripts/setup/vscodeHost.mjs';
import type { Workbench } from '../host/workbench.ts';
import { llamaCpp } from '../support/remote/dialects.ts';
import { HttpServer, json } from '../support/remote/httpServer.ts';
import { ask, finished, openChat, showChat } from './chatView.ts';
import { EXTENSION_ID, InstalledVsCode } from './installed.ts';

const TOKEN = 'sk-of-this-server';
const MODEL = 'codegemma-7b';

describe('a server of the person’s', function () {
  this.timeout(180_000);
  let code: InstalledVsCode;
  let server: HttpServer;
  let workbench: Workbench;

  before(async function () {
    if (!isVsCodeHostAvailable()) this.skip();
    const answer = llamaCpp({
      models: ['other', MODEL],
      words: ['It adds ', 'what it is given.'],
      line: 'return total;',
    });
    server = await HttpServer.start((asked, response) =>
      asked.headers.authorization === `Bearer ${TOKEN}`
        ? answer(asked, response)
        : json(response, { error: { message: 'Invalid API Key' } }, 401),
    );
    code = await InstalledVsCode.start({ settings: { 'gemmaCode.completion.automatic': true } });
    workbench = await code.openSample();
  });

  after(async () => {
    await code?.remove();
    await server?.[Symbol.asyncDispose]();
  });

  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    await code.picture(`failed: ${this.currentTest.title}`);
    console.log(await code.server.logs());
  });

  const host = (): string => new URL(server.url).host;
  const status = () => workbench.statusBarItem(EXTENSION_ID).first();
  const input = () => workbench.page.locator('.quick-input-widget input:visible').first();
  const rows = (text: string) =>
    workbench.page.locator('.quick-input-widget .monaco-list-row', { hasText: text });

  it('is asked nothing before it is chosen, and chosen after it is said what that means', async () => {
    assert.doesNotMatch(await status().innerText(), /→/);
    // The command asks in the palette's own place, so that this never goes away.
    await workbench.press('F1');
    await input().fill('>Gemma Code: Use a Remote Server…');
    await rows('Gemma Code: Use a Remote Server…').first().waitFor();
    await workbench.press('Enter');
    await workbench.page.getByText('Use a remote server', { exact: true }).waitFor();
    await input().fill('http://example.org');
    await workbench.page.getByText('must be reached by https://').waitFor();
    await input().fill(`${server.url}/v1`);
    await workbench.press('Enter');
    const dialog = workbench.page.getByRole('dialog');
    await dialog.getByText(`Send text to ${host()}?`).waitFor();
    await code.picture('remote-consent');
    assert.equal(server.asked.length, 0);
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await workbench.page.getByText(`Token for ${host()}`).waitFor();
    await input().fill(TOKEN);
    await workbench.press('Enter');
    await rows(MODEL).click();
    await rows('For both').click();
    await status()
      .filter({ hasText: `→ ${host()}` })
      .waitFor();
  });

  it('answers in the chat, and everything says where text goes', async () => {
    const chat = await openChat(workbench);
    await chat.getByText(`What you send goes to ${host()}`).waitFor();
    await chat.locator('.model-button', { hasText: `→ ${host()} · ${MODEL}` }).waitFor();
    await ask(chat, 'What does it do?');
    await finished(chat.locator('li.answer'));
    await chat.getByText('It adds what it is given.', { exact: true }).waitFor();
    const tooltip = (await workbench.statusBarTooltip(EXTENSION_ID)).join('\n');
    assert.match(tooltip, new RegExp(`Text goes to ${host()}, another program on this machine`));
    await code.picture('remote-chat');
    const asked = server.asked.findLast(({ path }) => path === '/v1/chat/completions');
    assert.equal(asked?.body?.['model'], MODEL);
    assert.match(JSON.stringify(asked?.body?.['messages']), /What does it do\?/);
  });

  it('completes', async () => {
    await workbench.openFile('orders.ts', 60);
    await workbench.press('Enter');
    await workbench.type('ret');
    await workbench.ghostTextBecomes((text) => text.includes('urn total;') || text.includes('return total;'));
    await code.picture('remote-completion');
  });

  it('is asked nothing more once the person has stopped using it', async () => {
    await workbench.runCommand('Gemma Code: Stop Using the Remote Server');
    await status().filter({ hasNotText: '→' }).waitFor();
    const count = server.asked.length;
    await workbench.press('Enter');
    await workbench.type('const sum = ');
    const chat = await showChat(workbench);
    await chat.locator('.model-button', { hasText: 'Choose a model' }).waitFor();
    assert.equal(server.asked.length, count);
  });
});
