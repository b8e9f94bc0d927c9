import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { isVsCodeHostAvailable } from '../../scripts/setup/vscodeHost.mjs';
import type { Workbench } from '../host/workbench.ts';
import type { ScriptedEngine } from '../support/scripted/installScriptedEngine.ts';
import { chatScript } from './chatScript.ts';
import { ask, box, finished, lastAsked, openChat, showChat, startScripted } from './chatView.ts';
import { EXTENSION_ID, type InstalledVsCode } from './installed.ts';

/** By the class that VS Code gives the page's body. */
const themes = {
  'vscode-light': 'Light Modern',
  'vscode-high-contrast': 'Dark High Contrast',
  'vscode-dark': 'Dark Modern',
} as const;

/** It is kept twice a second. */
const DRAFT_KEPT_MS = 1_500;

const modes = ['vscode-light', 'vscode-high-contrast', 'vscode-dark'] as const;

/** Of `export` and `return` in these themes. */
const keywordColors = {
  'vscode-light': 'rgb(0, 0, 255)',
  'vscode-high-contrast': 'rgb(86, 156, 214)',
  'vscode-dark': 'rgb(86, 156, 214)',
} as const;

/** In orders.ts of the sample. */
const TOTAL_OF = { line: 60, text: 'let total = 0;' };

describe('the chat, with a model that follows a script', function () {
  this.timeout(120_000);
  let code: InstalledVsCode;
  let engine: ScriptedEngine;

  before(async function () {
    if (!isVsCodeHostAvailable()) this.skip();
    ({ code, engine } = await startScripted());
  });

  after(() => code?.remove());

  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    await code.picture(`failed: ${this.currentTest.title}`);
    console.log(await code.server.logs());
  });

  it('explains the function at the cursor, and puts its code back after a preview, as one undo step', async () => {
    const workbench = await code.openSample();
    await workbench.openFile('orders.ts', TOTAL_OF.line);
    await workbench.runCommand('Gemma Code: Explain');
    const chat = await openChat(workbench);
    const answer = chat.locator('li.answer');
    await finished(answer);
    assert.equal(await answer.getByRole('row').count(), 3);
    const asked = await lastAsked(engine);
    assert.match(
      asked,
      /Selected code from orders\.ts[^]*export function totalOf[^]*Explain what this code does/,
    );
    assert.doesNotMatch(asked, /parseInvoice/);
    for (const mode of modes) {
      await chooseTheme(workbench, themes[mode]);
      await chat.locator(`body.${mode}`).waitFor();
      await colored(answer.locator('.token-keyword').first(), keywordColors[mode]);
      await code.picture(`chat-${mode}`);
    }
    const before = await workbench.read('orders.ts');
    await answer.getByRole('button', { name: 'Apply' }).click();
    const apply = workbench.page.getByRole('button', { name: 'Apply', exact: true });
    await apply.waitFor();
    await code.picture('chat-apply');
    await apply.click();
    await workbench.page.locator('.view-line', { hasText: 'orders.reduce' }).first().waitFor();
    await workbench.save();
    const after = await workbench.read('orders.ts');
    assert.match(after, /return orders\.reduce/);
    assert.equal(
      after.replace(/export function totalOf[^]*?\n}\n/, ''),
      before.replace(/export function totalOf[^]*?\n}\n/, ''),
    );
    await workbench.press('Control+Z');
    await workbench.page.locator('.view-line', { hasText: TOTAL_OF.text }).first().waitFor();
    await workbench.save();
    assert.equal(await workbench.read('orders.ts'), before);
  });

  it('streams, stops, asks anew with other words, and writes anew', async () => {
    const workbench = await code.openSample();
    const chat = await openChat(workbench);
    await ask(chat, 'Write slowly');
    const answer = chat.locator('li.answer');
    await answer.getByText('One word after the other. One').waitFor();
    await chat.getByRole('button', { name: 'Stop' }).click();
    await answer.getByText('You stopped this answer.').waitFor();
    const question = chat.locator('li.question');
    await question.hover();
    await question.getByRole('button', { name: 'Edit and ask again' }).click();
    await question.getByRole('textbox').fill('Something else');
    await question.getByRole('button', { name: 'Ask again' }).click();
    await answer.getByText('An answer to something else.').waitFor();
    await finished(answer);
    const requests = (await engine.received()).length;
    await answer.getByRole('button', { name: 'Write another answer' }).click();
    while ((await engine.received()).length === requests) await workbench.page.waitForTimeout(30);
    await finished(answer);
    assert.equal(await chat.locator('li.message').count(), 2);
    const last = (await engine.received()).at(-1)?.turns;
    assert.deepEqual(
      last?.map(({ text }) => text),
      ['Something else'],
    );
  });

  it('keeps a conversation over a reload, finds it again, renames and deletes it', async () => {
    const workbench = await code.openSample();
    let chat = await openChat(workbench);
    await ask(chat, 'Remember the elephant');
    await finished(chat.locator('li.answer'));
    await box(chat).fill('half a thought');
    await workbench.page.waitForTimeout(DRAFT_KEPT_MS);
    await workbench.page.reload();
    await workbench.statusBarItem(EXTENSION_ID).first().waitFor();
    chat = await openChat(workbench);
    await chat.locator('li.question').getByText('Remember the elephant').waitFor();
    assert.equal(await box(chat).inputValue(), 'half a thought');

    await chat.getByRole('button', { name: 'New Chat' }).click();
    await chat.getByText('Nothing you write leaves it.').waitFor();
    await chat.getByRole('button', { name: 'Conversations' }).click();
    await chat.getByRole('searchbox').fill('ELEPHANT');
    const entry = chat.getByRole('button', { name: 'Open “Remember the elephant”' });
    await entry.waitFor();
    await entry.press('F2');
    await chat.getByRole('textbox', { name: 'Title of the conversation' }).fill('About animals');
    await chat.getByRole('textbox', { name: 'Title of the conversation' }).press('Enter');
    await chat.getByRole('button', { name: 'Open “About animals”' }).click();
    await chat.getByRole('heading', { name: 'About animals' }).waitFor();
    await code.picture('chat-reopened');

    await chat.getByRole('button', { name: 'Conversations' }).click();
    await chat.getByRole('button', { name: 'Open “About animals”' }).press('Delete');
    await workbench.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await chat.getByRole('button', { name: 'Open “About animals”' }).waitFor({ state: 'detached' });
  });

  it('attaches what is chosen after #, and offers commands after /', async () => {
    const workbench = await code.openSample();
    await workbench.openFile('refunds.ts', 1);
    const chat = await openChat(workbench);
    const question = box(chat);
    await question.pressSequentially('What is in #inventory');
    await chat.getByRole('option', { name: /inventory\.py/ }).waitFor();
    await question.press('Enter');
    await chat
      .getByRole('listitem')
      .filter({ hasText: /inventory\.py.*tokens/ })
      .waitFor();
    await chat.getByRole('meter').waitFor();
    await question.press('Enter');
    await finished(chat.locator('li.answer'));
    const asked = await lastAsked(engine);
    assert.match(asked, /^File inventory\.py\n```python\n[^]*What is in/);
    await question.pressSequentially('/exp');
    await chat.getByRole('option', { name: /explain/ }).waitFor();
    await code.picture('chat-commands');
    await question.press('Tab');
    assert.equal(await question.inputValue(), '/explain ');
  });

  it('says that an answer was interrupted when the engine dies, keeps what was heard, and goes on', async () => {
    const workbench = await code.openSample();
    const chat = await openChat(workbench);
    await ask(chat, 'Now crash');
    const answer = chat.locator('li.answer');
    await answer.getByText('This answer was interrupted').waitFor();
    assert.match(await answer.innerText(), /This is the last that is heard\./);
    await ask(chat, 'And now?');
    await chat.locator('li.answer').getByText('An answer to something else.').waitFor();
  });

  it('opens a link only after it was shown in full', async () => {
    const workbench = await code.openSample();
    const chat = await openChat(workbench);
    await ask(chat, 'A link please');
    await chat.getByRole('button', { name: 'the guide' }).click();
    const dialog = workbench.page.getByRole('dialog');
    await dialog.getByText('https://example.com/guide').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    assert.deepEqual(code.foreignRequests, []);
  });

  it('says what is missing while no model can chat', async () => {
    await engine.setScript({ ...chatScript, chat: false });
    const workbench = await code.openSample();
    await workbench.runCommand('Gemma Code: Restart the Engine');
    const chat = await showChat(workbench);
    await chat.getByText('was not tuned for conversations').waitFor();
    await code.picture('chat-no-model');
    await chat.getByRole('button', { name: 'Choose a model' }).first().click();
    await workbench.page.locator('.quick-input-widget').getByText('Choose a folder…').waitFor();
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

async function colored(text: Locator, color: string): Promise<void> {
  const now = (): Promise<string> => text.evaluate((element) => getComputedStyle(element).color);
  for (let tries = 0; (await now()) !== color; tries++) {
    if (tries > 100) assert.equal(await now(), color);
    await text.page().waitForTimeout(30);
  }
}
