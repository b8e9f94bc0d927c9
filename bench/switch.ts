import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EngineClient } from '../src/client/engineClient.ts';
import { completion } from '../test/support/clientRequests.ts';
import { importLargeModel } from './largeModel.ts';
import { median, percentile, table } from './report.ts';
import { withTemporaryHome } from './temporaryHome.ts';

/** How long a line of the embedded model is waited for while a model of Gemma 2B's shape is loaded for the chat. */
const ROUNDS = 5;
const PAUSE_MS = 50;
const ALONE_MS = 3_000;

const lines = Array.from({ length: 40 }, (_, line) => `const value${line} = compute(${line});`).join('\n');

await withTemporaryHome(async (home) => {
  const model = await importLargeModel('gemma-1.1-2b-it', home);
  const client = new EngineClient({
    entry: fileURLToPath(new URL('../dist/inference/main.mjs', import.meta.url)),
    home,
    version: 'bench',
    client: 'bench',
    processArguments: ['--idle-exit-ms', '500'],
  });
  let keys = 0;

  /** Types until `work` is done. @returns what each key waited, in milliseconds */
  async function typeDuring(work: Promise<unknown>): Promise<number[]> {
    const state = { isRunning: true };
    const end = work.finally(() => (state.isRunning = false));
    const waits: number[] = [];
    while (state.isRunning) {
      const start = performance.now();
      await client.call('complete', {
        ...completion(`${lines}\nconst last${++keys} = comp`),
        trigger: 'invoked',
      });
      waits.push(performance.now() - start);
      await delay(PAUSE_MS);
    }
    await end;
    return waits;
  }

  try {
    await client.call('load', { role: 'completion', backend: 'native' });
    await typeDuring(delay(PAUSE_MS));
    const alone = await typeDuring(delay(ALONE_MS));
    const rounds: { readonly loadMs: number; readonly waits: readonly number[] }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now();
      const waits = await typeDuring(client.call('load', { role: 'chat', model, backend: 'native' }));
      rounds.push({ loadMs: performance.now() - start, waits });
      // Another model in its place: the large one is given back.
      await client.call('load', { role: 'chat', backend: 'native' });
    }
    console.log(
      table(
        ['2B shape for the chat, embedded model for completion, native', ''],
        [
          ['a line, nothing else runs: median (ms)', median(alone)],
          ['… p95 (ms)', percentile(alone, 0.95)],
          ['loading the chat’s model: median (ms)', median(rounds.map(({ loadMs }) => loadMs))],
          ['lines answered meanwhile: median', median(rounds.map(({ waits }) => waits.length))],
          ['longest wait for one: median (ms)', median(rounds.map(({ waits }) => Math.max(...waits)))],
          ['median wait (ms)', median(rounds.flatMap(({ waits }) => waits))],
        ],
      ),
    );
  } finally {
    await client.dispose();
  }
});
