import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { root } from '../../scripts/setup/paths.mjs';
import { pageHtml } from '../../src/extension/page.ts';
import { openWindow, type Window } from '../host/browser.ts';
import { markdownText } from '../support/markdownText.ts';
import { bundle } from './chatMarkdown/bundle.ts';
import { long, short } from './chatMarkdown/hostileMarkdown.ts';

const ORIGIN = 'http://127.0.0.1';

/** The page's renderer in the page's frame. */
async function openPage(page: Page, seen: { requests: string[]; errors: string[] }): Promise<void> {
  const [script, style] = await Promise.all([
    bundle(path.join(root, 'test/e2e/chatMarkdown/page.tsx')),
    bundle(path.join(root, 'src/webview/chat/style.css')),
  ]);
  const html = pageHtml({
    nonce: 'bm9uY2U',
    styleSource: ORIGIN,
    script: `${ORIGIN}/page.js`,
    style: `${ORIGIN}/page.css`,
  });
  page.on('pageerror', (error) => seen.errors.push(String(error)));
  page.on('console', (message) => seen.errors.push(message.text()));
  await page.route('**/*', (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === '/') return route.fulfill({ contentType: 'text/html', body: html });
    if (pathname === '/page.js') return route.fulfill({ contentType: 'text/javascript', body: script });
    if (pathname === '/page.css') return route.fulfill({ contentType: 'text/css', body: style });
    seen.requests.push(route.request().url());
    return route.abort();
  });
  await page.goto(`${ORIGIN}/`);
}

/** What is wrong with `text` on the page, written in pieces that end at `ends`. */
function write(page: Page, texts: readonly { text: string; ends: readonly number[] }[]): Promise<string[]> {
  return page.evaluate(
    (all) =>
      all.flatMap(({ text, ends }) =>
        globalThis.markdownPage.write(text, ends).map((problem) => `${text.slice(0, 200)}: ${problem}`),
      ),
    texts,
  );
}

function everywhere(text: string): number[] {
  return Array.from({ length: text.length + 1 }, (_, end) => end);
}

describe('what a model wrote, on the chat page', function () {
  let window: Window;
  const seen = { requests: [] as string[], errors: [] as string[] };

  before(async () => {
    window = await openWindow();
    await openPage(window.page, seen);
  });

  after(() => window.close());

  afterEach('it reached for nothing, and nothing was refused', async () => {
    assert.deepEqual(seen, { requests: [], errors: [] });
    assert.deepEqual(window.foreignRequests, []);
    assert.equal(await window.page.title(), 'Gemma Code');
  });

  it(`is nothing but known elements, at every character of ${short.length} hostile texts`, async () => {
    assert.ok(short.length >= 200);
    const texts = short.map((text) => ({ text, ends: everywhere(text) }));
    assert.deepEqual(await write(window.page, texts), []);
  });

  it('stays so in texts that are too long for it', async () => {
    for (const text of long) {
      const step = Math.ceil(text.length / 60);
      const ends = everywhere(text).filter((end) => end % step === 0 || end < 20);
      assert.deepEqual(await write(window.page, [{ text, ends: [...ends, text.length] }]), []);
    }
  });

  it('looks the same however it arrived', async () => {
    const arrivals = fc.sample(
      fc.record({ text: markdownText, ends: fc.array(fc.nat(600), { maxLength: 30 }) }),
      { numRuns: 400, seed: 7 },
    );
    const texts = arrivals.map(({ text, ends }) => ({ text, ends: ends.sort((a, b) => a - b) }));
    assert.deepEqual(await write(window.page, texts), []);
  });

  it('has the colours of the theme, and others only while nobody knows them', async () => {
    const { page } = window;
    const colors = (): Promise<string[]> =>
      page
        .locator('.token-keyword, .token-string, pre')
        .evaluateAll((all) => all.map((one) => getComputedStyle(one).color));
    await page.evaluate(() => {
      document.body.className = 'vscode-dark';
      globalThis.markdownPage.show('```ts\nreturn "x";\n```');
    });
    const [plain = '', ...others] = await colors();
    assert.equal(new Set([plain, ...others]).size, 3, 'three different ones');
    await page.evaluate(() => globalThis.markdownPage.color({ keyword: '#123456' }));
    assert.deepEqual(await colors(), [plain, 'rgb(18, 52, 86)', plain]);
    await page.evaluate(() => globalThis.markdownPage.color({}));
    assert.deepEqual(await colors(), [plain, ...others]);
  });

  it('can be reached with the keyboard', async () => {
    const { page } = window;
    await page.evaluate(() => globalThis.markdownPage.show('[a](https://a.example)\n\n```ts\nb\n```'));
    const reached: string[] = [];
    for (let count = 0; count < 6; count++) {
      await page.keyboard.press('Tab');
      reached.push(
        await page.locator(':focus').evaluate((one) => one.getAttribute('title') ?? one.textContent),
      );
    }
    assert.deepEqual(reached, ['https://a.example/', 'Copy', 'Insert', 'Apply', 'New file', 'b']);
    await page.getByRole('group', { name: 'TypeScript' }).waitFor();
  });
});
