import assert from 'node:assert/strict';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { root } from '../../scripts/setup/paths.mjs';
import { isUnprintable } from '../../src/text/hiddenCharacters.ts';
import { pageHtml } from '../../src/extension/page.ts';
import { engineView, recordView } from '../../src/extension/inspector/views.ts';
import { GemmaError } from '../../src/protocol/errors.ts';
import { Strings } from '../../src/protocol/inspector.ts';
import type { ToInspector } from '../../src/protocol/inspector.ts';
import { openWindow, type Window } from '../host/browser.ts';
import { record } from '../support/completionRecord.ts';

const ORIGIN = 'http://127.0.0.1';

/** What a model, a file name or an error message might hold. */
const hostile = [
  '<script>document.title = "hacked"</script>',
  '</script><script src="https://evil.example/x.js"></script>',
  '<img src="https://evil.example/x.png" onerror="document.title = \'hacked\'">',
  '<svg onload="document.title = \'hacked\'">',
  '<svg><use href="data:image/svg+xml,<svg onload=1>"></use></svg>',
  '<iframe src="javascript:parent.document.title = \'hacked\'"></iframe>',
  '<a href="javascript:alert(1)">click</a>',
  'javascript:document.title="hacked"',
  '<object data="https://evil.example/"></object><embed src="https://evil.example/">',
  '<style>@import url(https://evil.example/x.css); * { display: none }</style>',
  '<link rel="stylesheet" href="https://evil.example/x.css">',
  '<base href="https://evil.example/">',
  '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
  '<form action="https://evil.example/"><input autofocus onfocus="document.title = \'hacked\'"></form>',
  '"><b style="position: fixed; inset: 0">cover</b>',
  '\' onmouseover=\'document.title = "hacked"',
  '&lt;script&gt; &#x3C;script&#x3E; &amp;',
  '{{constructor.constructor("document.title = 1")()}} ${7 * 7}',
  '![x](https://evil.example/x.png) [y](command:workbench.action.terminal.new)',
  '// \u202E } \u2066if (isAdmin)\u2069 \u2066 begin',
  'a\u200Bb\u200Cc\u200Dd\u2060e\uFEFFf',
  '\u{E0069}\u{E0067}\u{E006E}\u{E006F}\u{E0072}\u{E0065}',
  '\u001B[31mred\u001B[0m\u001B]8;;https://evil.example/\u0007link\u0007\u0000\u0008',
  'a\u2028b\u2029c\rd\ne',
  '\uD800 half a pair \uDC00',
  `Z${'\u0351'.repeat(5_000)}algo`,
  'W'.repeat(100_000),
  '<b>'.repeat(20_000),
  '\u202E'.repeat(100_000),
  '__proto__',
];

/** As in a webview; what is posted is kept. A string, since the test's own compiler would put helpers into a function. */
const VS_CODE_API = `globalThis.asked = [];
  globalThis.acquireVsCodeApi = () => ({ postMessage: (message) => asked.push(message) });`;

/** Every text is its own name. */
const strings: Strings = {
  engine: 'Engine',
  model: 'Model',
  backend: 'Backend',
  quantization: 'Quantization',
  threads: 'Threads',
  progress: 'Progress',
  restart: 'Restart',
  automatic: 'Automatic',
  on: 'On',
  off: 'Off',
  turnAutomaticOn: 'Turn on',
  turnAutomaticOff: 'Turn off',
  completions: 'Completions',
  noCompletions: 'None yet',
  nothingSuggested: 'Nothing',
  source: 'Source',
  sources: { model: 'Written', copied: 'Copied' },
  confidence: 'Confidence',
  prompt: 'Prompt',
  promptTokens: '{0} tokens, {1} cached',
  prefill: 'Prefill',
  decode: 'Decode',
  tokens: 'Tokens',
  reasons: {
    'low-confidence': 'Not sure',
    'nothing-to-complete': 'Nothing left',
    repetition: 'Repetition',
    'unbalanced-bracket': 'Bracket',
    'duplicates-suffix': 'Duplicate',
    'line-too-long': 'Too long',
    'too-long': 'Longer than written well',
  },
};

const engine = engineView({
  name: 'ready',
  status: { name: 'starting' },
  sentence: 'Ready.',
  modelName: '',
  enabled: true,
  automatic: true,
});

/** The built page with its real frame, as the extension would show it; nothing else is there to be loaded. */
class InspectorPage {
  readonly page: Page;
  readonly requests: string[] = [];
  readonly errors: string[] = [];

  private constructor(page: Page) {
    this.page = page;
  }

  static async open({ page }: Window): Promise<InspectorPage> {
    const inspector = new InspectorPage(page);
    const html = pageHtml({
      nonce: 'bm9uY2U',
      styleSource: ORIGIN,
      script: `${ORIGIN}/inspector.js`,
      style: `${ORIGIN}/inspector.css`,
    });
    page.on('pageerror', (error) => inspector.errors.push(String(error)));
    page.on('console', (message) => inspector.errors.push(message.text()));
    await page.route('**/*', (route) => {
      const { pathname } = new URL(route.request().url());
      if (pathname === '/') return route.fulfill({ contentType: 'text/html', body: html });
      if (/^\/inspector\.(js|css)$/.test(pathname))
        return route.fulfill({ path: path.join(root, 'dist', pathname) });
      inspector.requests.push(route.request().url());
      return route.abort();
    });
    await page.addInitScript(VS_CODE_API);
    await page.goto(`${ORIGIN}/`);
    await inspector.tell({ type: 'strings', language: 'en', strings });
    await inspector.tell({ type: 'engine', engine });
    return inspector;
  }

  /** What the page asked the extension for, in order. */
  asked(): Promise<unknown> {
    return this.page.evaluate('asked');
  }

  async tell(message: ToInspector): Promise<void> {
    await this.tellAnything(message);
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
}

describe('the page in the sidebar', function () {
  let window: Window;
  let inspector: InspectorPage;

  beforeEach(async () => {
    window = await openWindow();
    inspector = await InspectorPage.open(window);
  });

  afterEach(() => window.close());

  it('shows whatever it is told as text, and reaches for nothing', async () => {
    const { page } = inspector;
    for (const [index, text] of hostile.entries()) {
      const error = new GemmaError('internal', text);
      const facts = {
        name: 'error',
        status: { name: 'failed', error },
        sentence: text,
        modelName: text,
        enabled: true,
        automatic: true,
      } as const;
      await inspector.tell({ type: 'engine', engine: engineView(facts) });
      const view = recordView(record({ id: index, text, fileName: text, languageId: text }));
      await inspector.tell({ type: 'records', skipped: null, records: [view] });
      await page.locator('summary').click();
      const visible = view.text?.filter((piece) => typeof piece === 'string') ?? [];
      const shown = await page.locator('code').evaluate((code) => code.textContent);
      for (const piece of visible)
        assert.ok(shown.includes(piece), `${JSON.stringify(piece)} should be shown`);
      const all = await page.locator('#app').evaluate((app) => app.textContent);
      assert.doesNotMatch(all, /[\p{Default_Ignorable_Code_Point}\p{Cs}]/u);
      assert.ok(!isUnprintable(all));
    }
    assert.equal(await page.title(), 'Gemma Code');
    assert.deepEqual(await strangers(page), []);
    assert.deepEqual(inspector.requests, []);
    assert.deepEqual(window.foreignRequests, []);
    assert.deepEqual(inspector.errors, [], 'violations of the policy, errors, anything on the console');
  });

  it('drops what is not a message of the extension', async () => {
    const before = await inspector.page.locator('#app').innerHTML();
    for (const message of [
      null,
      '<b>',
      { type: 'strings', language: 'en', strings: {} },
      { type: 'records', skipped: null, records: [{ __html: '<b>' }] },
      { type: 'engine', engine: { ...engine, sentence: { dangerouslySetInnerHTML: { __html: '<b>' } } } },
    ]) {
      await inspector.tellAnything(message);
      assert.equal(await inspector.page.locator('#app').innerHTML(), before);
    }
  });

  it('says that it listens, and asks for what the keyboard chose', async () => {
    const { page } = inspector;
    await page.getByRole('button', { name: 'Turn off' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    assert.deepEqual(await inspector.asked(), [
      { type: 'ready' },
      { type: 'setAutomatic', automatic: false },
      { type: 'restartEngine' },
    ]);
  });

  it('opens a completion with the keyboard and says everything about it', async () => {
    const { page } = inspector;
    await inspector.tell({ type: 'records', skipped: null, records: [recordView(record())] });
    for (let count = 0; count < 3; count++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const facts = await page.locator('details[open] .facts > div').allInnerTexts();
    assert.deepEqual(
      facts.map((fact) => fact.split('\n')),
      [
        ['Source', 'Written'],
        ['Confidence', '87%'],
        ['Prompt', '412 tokens, 398 cached'],
        ['Prefill', '12 ms'],
        ['Decode', '46 ms'],
        ['Tokens', '9'],
      ],
    );
  });

  it('says why nothing was suggested, and stays open when a newer completion arrives', async () => {
    const { page } = inspector;
    const withheld = recordView(record({ text: null, reason: 'low-confidence', source: null }));
    await inspector.tell({ type: 'records', skipped: null, records: [withheld] });
    assert.equal(await page.locator('.reason').innerText(), 'Not sure');
    await page.locator('summary').click();
    await inspector.tell({
      type: 'records',
      skipped: null,
      records: [recordView(record({ id: 2 })), withheld],
    });
    assert.deepEqual(
      await page.locator('details').evaluateAll((all) => all.map((one) => one.hasAttribute('open'))),
      [false, true],
    );
  });

  it('tells only the state of the engine aloud', async () => {
    const { page } = inspector;
    assert.deepEqual(await page.locator('[aria-live], [role=status], [role=alert]').allInnerTexts(), [
      'Ready.',
    ]);
    await inspector.tell({ type: 'engine', engine: { ...engine, state: 'busy', progress: 0.5 } });
    assert.equal(await page.getByRole('alert').count(), 0, 'the ring is hidden from screen readers');
    assert.equal(await page.getByRole('progressbar').count(), 1);
  });
});

/** Elements and attributes that the page has no business with. */
function strangers(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const known = new Set(
      'MAIN SECTION H2 DIV SPAN P BDI DL DT DD OL LI DETAILS SUMMARY TIME CODE VSCODE-BUTTON'.split(' '),
    );
    const found: string[] = [];
    for (const element of document.querySelectorAll('#app *')) {
      if (!known.has(element.tagName)) found.push(element.tagName);
      for (const { name } of element.attributes)
        if (/^(on|style$|src$|href$)/.test(name)) found.push(`${element.tagName} ${name}`);
    }
    const scripts = document.querySelectorAll('script').length;
    return scripts === 1 ? found : [...found, `${scripts} scripts`];
  });
}
