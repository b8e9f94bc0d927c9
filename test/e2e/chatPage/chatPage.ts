import path from 'node:path';
import * as v from 'valibot';
import type { Page } from 'playwright-core';
import { root } from '../../../scripts/setup/paths.mjs';
import { pageHtml } from '../../../src/extension/page.ts';
import { FromChat } from '../../../src/protocol/chat.ts';
import type { ToChat } from '../../../src/protocol/chat.ts';
import type { Window } from '../../host/browser.ts';
import { chatWords } from '../../support/chatWords.ts';

const ORIGIN = 'http://127.0.0.1';

/** As in a webview; what is posted is kept. A string, since the test's own compiler would put helpers into a function. */
const VS_CODE_API = `globalThis.asked = [];
  globalThis.acquireVsCodeApi = () => ({ postMessage: (message) => asked.push(message) });`;

/** The built page with its real frame, as the extension would show it; nothing else is there to be loaded. */
export class ChatPage {
  readonly page: Page;
  readonly requests: string[] = [];
  readonly errors: string[] = [];

  private constructor(page: Page) {
    this.page = page;
  }

  static async open({ page }: Window): Promise<ChatPage> {
    const chat = new ChatPage(page);
    const html = pageHtml({
      nonce: 'bm9uY2U',
      styleSource: ORIGIN,
      script: `${ORIGIN}/chat.js`,
      style: `${ORIGIN}/chat.css`,
    });
    page.on('pageerror', (error) => chat.errors.push(String(error)));
    page.on('console', (message) => chat.errors.push(message.text()));
    await page.route('**/*', (route) => {
      const { pathname } = new URL(route.request().url());
      if (pathname === '/') return route.fulfill({ contentType: 'text/html', body: html });
      if (/^\/chat\.(js|css)$/.test(pathname))
        return route.fulfill({ path: path.join(root, 'dist', pathname) });
      chat.requests.push(route.request().url());
      return route.abort();
    });
    await page.addInitScript(VS_CODE_API);
    await page.goto(`${ORIGIN}/`);
    await chat.#greet();
    return chat;
  }

  async #greet(): Promise<void> {
    const slashCommands = [
      { name: 'explain', detail: 'Explain the code' },
      { name: 'fix', detail: 'Fix the problems' },
    ];
    await this.tell({ type: 'strings', language: 'en', strings: chatWords, slashCommands });
    await this.tell({
      type: 'model',
      model: { state: 'ready', name: 'Gemma 3 4B', sentence: 'Ready.', progress: null },
    });
    await this.settle();
  }

  /** What the page asked the extension for, in order. */
  async asked(): Promise<FromChat[]> {
    return v.parse(v.array(FromChat), await this.page.evaluate('asked'));
  }

  async tell(message: ToChat): Promise<void> {
    await this.tellAnything(message);
    await this.settle();
  }

  async tellAnything(message: unknown): Promise<void> {
    await this.page.evaluate((data) => {
      const arrived = new Promise((resolve) => {
        window.addEventListener('message', resolve, { once: true });
      });
      window.postMessage(data);
      return arrived;
    }, message);
  }

  /** Until what was told is shown and its effects are done. */
  async settle(): Promise<void> {
    for (let frame = 0; frame < 4; frame++)
      await this.page.evaluate('new Promise((resolve) => requestAnimationFrame(() => resolve()))');
  }
}
