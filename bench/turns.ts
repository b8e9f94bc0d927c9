import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EngineClient } from '../src/client/engineClient.ts';
import type { ChatParams, ChatResult } from '../src/protocol/engine.ts';
import { importLargeModel } from './largeModel.ts';
import { median, percentile, table } from './report.ts';
import { withTemporaryHome } from './temporaryHome.ts';

/** How long a completion waits for its first token while the same model, of Gemma 2B's shape, writes a chat. */
const KEYS = 30;
const CHAT_TOKENS = 400;

const lines = Array.from({ length: 20 }, (_, line) => `const value${line} = compute(${line});`).join('\n');
const question: ChatParams = {
  stream: 'bench',
  purpose: 'chat',
  system: 'you are short.',
  turns: [{ role: 'user', text: 'write a long list of words.' }],
  prefill: '',
  thinking: false,
  maxTokens: CHAT_TOKENS,
  sampling: { temperature: 1, topK: 64, topP: 0.95, seed: 1 },
};

await withTemporaryHome(async (home) => {
  const model = await importLargeModel('gemma-1.1-2b-it', home);
  const client = new EngineClient({
    entry: fileURLToPath(new URL('../dist/inference/main.mjs', import.meta.url)),
    home,
    version: 'bench',
    client: 'bench',
    processArguments: ['--idle-exit-ms', '500'],
  });
  try {
    for (const role of ['completion', 'chat'] as const) {
      await client.call('load', { role, model, backend: 'native' });
    }
    const alone = await client.call('chat', question);
    await firstTokenMs(client, 0);
    const idle: number[] = [];
    for (let key = 1; key <= KEYS; key++) idle.push(await firstTokenMs(client, key));

    const between: number[] = [];
    let answers = 0;
    let same = 0;
    for (let key = 1; key <= KEYS;) {
      const state = { isWriting: true };
      const chat = client.call('chat', question).then((answer) => {
        state.isWriting = false;
        return answer;
      });
      await delay(1_000);
      for (; state.isWriting && key <= KEYS; key++) {
        between.push(await firstTokenMs(client, key));
        await delay(Math.random() * 500);
      }
      answers++;
      if ((await chat).answer === alone.answer) same++;
    }
    const step = alone.decodeMs / alone.forwards;
    console.log(report(idle, between, step, alone));
    console.log(`${same} of ${answers} interrupted answers are the undisturbed one, to the letter.`);
  } finally {
    await client.dispose();
  }
});

/** From the request to the first token: waiting and prefill, without writing the rest of the line. */
async function firstTokenMs(client: EngineClient, key: number): Promise<number> {
  const start = performance.now();
  const { decodeMs } = await client.call('complete', {
    document: 'bench:///a.ts',
    fileName: 'a.ts',
    languageId: 'typescript',
    prefix: `${lines}\n${'const anotherValue = compute(something, other)'.slice(0, key)}`,
    suffix: '\n',
    neighbors: [],
    trigger: 'invoked',
  });
  return performance.now() - start - decodeMs;
}

function report(
  idle: readonly number[],
  between: readonly number[],
  step: number,
  { tokens, forwards }: ChatResult,
): string {
  const p95 = percentile(between, 0.95);
  return table(
    ['2B shape, int4, native', ''],
    [
      ['first token at the next key, nothing else runs: median (ms)', median(idle)],
      ['… p95 (ms)', percentile(idle, 0.95)],
      ['while a chat is written: median (ms)', median(between)],
      ['… p95 (ms)', p95],
      ['a step of the chat (ms)', step],
      ['tokens of the chat per step', tokens / forwards],
      ['p95 beyond idle, in steps of the chat', (p95 - percentile(idle, 0.95)) / step],
    ],
  );
}
