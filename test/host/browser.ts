import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { ensureChromium } from '../../scripts/setup/chromium.mjs';

export interface Window {
  readonly page: Page;
  /** Addresses outside this machine that the page asked for; all were refused. */
  readonly foreignRequests: string[];
  close(): Promise<void>;
}

/** Nothing of the browser's own may reach for the network either. */
const QUIET = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--no-default-browser-check',
  '--no-first-run',
];

/** A headless browser window with an empty profile that can only reach loopback. */
export async function openWindow(): Promise<Window> {
  const browser: Browser = await chromium.launch({
    executablePath: await ensureChromium(),
    headless: true,
    args: QUIET,
  });
  const context: BrowserContext = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    colorScheme: 'dark',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const foreignRequests: string[] = [];
  await context.route(
    (url) => !['127.0.0.1', 'localhost'].includes(url.hostname),
    (route) => {
      foreignRequests.push(route.request().url());
      return route.abort();
    },
  );
  return { page: await context.newPage(), foreignRequests, close: () => browser.close() };
}
