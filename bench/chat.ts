import { build } from 'esbuild';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MessageView } from '../src/protocol/chat.ts';
import { ChatPage } from '../test/e2e/chatPage/chatPage.ts';
import { openWindow } from '../test/host/browser.ts';
import { percentile, table } from './report.ts';

/**
 * What it costs to show an answer while it is written: 8,500 characters with ten code blocks in steps of 16, in a real
 * browser, the layout of every update included; alone, and below many other answers. As fast as updates can follow
 * each other: a model writes some tens in a second.
 */
const CHARS = 8_500;
const STEP = 16;
const ROUNDS = 5;
const root = fileURLToPath(new URL('..', import.meta.url));

const SECTION = `## How the orders are read

The function **reads** each order once and keeps _only_ what is needed, see \`readOrders\` and
[its description](https://docs.example/orders). Three things matter:

1. an order without a date is skipped,
2. one with a date is kept, ~~but~~ and
   - its lines are counted,
   - its total is checked;
3. all others are refused.

| field | type | needed |
|-------|------|:------:|
| id    | text |   yes  |
| total | cents|   no   |

\`\`\`typescript
/** Orders of \`since\` or later, the latest first. */
export async function readOrders(since: Date, limit = 100): Promise<Order[]> {
  const rows = await database.query('select * from orders where time >= $1', [since]);
  return rows
    .map((row) => ({ id: row.id, total: Number(row.total) / 100, lines: row.lines ?? [] }))
    .filter(({ total }) => total > 0)
    .slice(0, limit);
}
\`\`\`

> Remember that a total is in cents.

`;
const answer = SECTION.repeat(Math.ceil(CHARS / SECTION.length)).slice(0, CHARS);

const { outputFiles } = await build({
  entryPoints: [join(root, 'bench/chat/page.tsx')],
  bundle: true,
  minify: true,
  write: false,
  format: 'iife',
  jsx: 'automatic',
  jsxImportSource: 'preact',
});
const style = await build({
  entryPoints: [join(root, 'src/webview/chat/style.css')],
  bundle: true,
  write: false,
});

const window = await openWindow();
const { page } = window;
await page.setViewportSize({ width: 400, height: 900 });
await page.setContent('<div id="app"></div>');
await page.addStyleTag({ content: style.outputFiles[0]?.text ?? '' });
await page.addScriptTag({ content: outputFiles[0]?.text ?? '' });

const lines: [string, number][] = [
  ['alone', 0],
  ['below 1,000 answers', 1_000],
];
const times = new Map<string, number[][]>();
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, above] of lines) {
    const updates = await page.evaluate(([text, step, count]) => globalThis.stream(text, step, count), [
      answer,
      STEP,
      above,
    ] as const);
    times.set(name, [...(times.get(name) ?? []), updates]);
  }
}
await window.close();

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
console.log(
  table(
    ['an update of an answer (ms)', 'mean', 'p95', 'mean of the last 50', 'at the end'],
    [...times].map(([name, rounds]) => {
      const updates = rounds.flatMap((round) => round.slice(0, -1));
      const last = rounds.flatMap((round) => round.slice(-51, -1));
      const end = rounds.map((round) => round.at(-1) ?? NaN);
      return [name, mean(updates), percentile(updates, 0.95), mean(last), mean(end)];
    }),
  ),
);

/** The whole page, frame by frame, while tokens arrive. */
const MESSAGES = 1_000;
const TOKENS_PER_SECOND = 200;
const SECONDS = 5;

const messages = Array.from({ length: MESSAGES }, (_, i): MessageView => {
  const shared = { id: `message-${i}`, time: 1_700_000_000_000 + i, text: i % 2 === 0 ? 'How?' : SECTION };
  if (i % 2 === 0) return { ...shared, role: 'user', attachments: [] };
  const end = i === MESSAGES - 1 ? 'writing' : 'stop';
  return {
    ...shared,
    role: 'model',
    thought: '',
    end,
    error: null,
    model: 'gemma',
    progress: null,
    statistics: null,
  };
});
const chatWindow = await openWindow();
const chat = await ChatPage.open(chatWindow);
await chat.page.setViewportSize({ width: 400, height: 900 });
await chat.tell({
  type: 'conversation',
  conversation: { id: 'conversation', title: 'Orders', readOnly: false, messages },
});
const frames = await chat.page.evaluate(
  async ({ id, words, perSecond, seconds }) => {
    const start = performance.now();
    const end = start + 1_000 * seconds;
    let told = 0;
    const telling = setInterval(() => {
      const due = ((performance.now() - start) / 1_000) * perSecond;
      for (; told < due; told++)
        globalThis.postMessage({ type: 'text', id, thought: '', answer: words[told % words.length] });
    }, 5);
    const painted: number[] = [];
    while (performance.now() < end) painted.push(await new Promise<number>(requestAnimationFrame));
    clearInterval(telling);
    return painted.slice(1).map((time, i) => time - (painted[i] ?? time));
  },
  {
    id: `message-${MESSAGES - 1}`,
    words: SECTION.match(/\S+\s*/gu) ?? [],
    perSecond: TOKENS_PER_SECOND,
    seconds: SECONDS,
  },
);
await chatWindow.close();
const late = frames.filter((interval) => interval > 1.5 * (1_000 / 60)).length;
console.log(
  table(
    [`${MESSAGES} messages, ${TOKENS_PER_SECOND} tokens a second`, 'value'],
    [
      ['frames a second', (1_000 * frames.length) / frames.reduce((sum, value) => sum + value, 0)],
      ['frame, p95 (ms)', percentile(frames, 0.95)],
      ['longest frame (ms)', Math.max(...frames)],
      ['frames that came late (%)', (100 * late) / frames.length],
    ],
  ),
);
