import assert from 'node:assert/strict';
import path from 'node:path';
import * as v from 'valibot';
import { root } from '../../scripts/setup/paths.mjs';
import { isVsCodeHostAvailable } from '../../scripts/setup/vscodeHost.mjs';
import { bundle } from './chatMarkdown/bundle.ts';
import { short } from './chatMarkdown/hostileMarkdown.ts';
import { chatScript } from './chatScript.ts';
import { ask, finished, openChat, startScripted } from './chatView.ts';
import type { InstalledVsCode } from './installed.ts';

const Outcome = v.object({ frames: v.number(), problems: v.array(v.string()) });

describe('what a model wrote, in the webview of VS Code', function () {
  this.timeout(180_000);
  let code: InstalledVsCode;
  const refused: string[] = [];

  before(async function () {
    if (!isVsCodeHostAvailable()) this.skip();
    const started = await startScripted();
    code = started.code;
    const all = { when: 'everything', answer: short.join('\n\n'), tokensPerSecond: 4_000 };
    await started.engine.setScript({ ...chatScript, contextTokens: 100_000, answers: [all] });
  });

  after(() => code?.remove());

  it(`reaches for nothing, at every character of ${short.length} hostile texts`, async () => {
    const workbench = await code.openSample();
    await openChat(workbench);
    workbench.page.on('console', (message) => {
      if (/Content Security Policy|Trusted/u.test(message.text())) refused.push(message.text());
    });
    const script = await bundle(path.join(root, 'test/e2e/chatMarkdown/webview.ts'));
    const frames = workbench.page.frames();
    const places = await Promise.all(
      frames.map((frame) => frame.evaluate('document.querySelector("#app .composer") !== null')),
    );
    const chat = frames[places.indexOf(true)];
    assert.ok(chat);
    await chat.evaluate(script);
    const { frames: seen, problems } = v.parse(Outcome, await chat.evaluate('streamHostile()'));
    assert.deepEqual(problems, []);
    assert.ok(seen >= Math.max(...short.map(({ length }) => length)));
    await code.picture('hostile');
    assert.deepEqual(refused, [], 'nothing was even tried');
    assert.deepEqual(code.foreignRequests, []);
    assert.equal(workbench.page.context().pages().length, 1);
  });

  it('is only text, when a model really says all of it', async () => {
    const workbench = await code.openSample();
    const chat = await openChat(workbench);
    await ask(chat, 'Say everything');
    await finished(chat.locator('li.answer'));
    assert.equal(await chat.locator('li.answer').locator('a, img, iframe, script, style, form').count(), 0);
    assert.deepEqual(code.foreignRequests, []);
  });
});
