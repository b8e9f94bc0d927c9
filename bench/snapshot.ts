import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EngineClient } from '../src/client/engineClient.ts';
import type { CompleteResult } from '../src/protocol/engine.ts';
import { importLargeModel } from './largeModel.ts';
import { median, table } from './report.ts';

/**
 * The first completion in a file after the inference process was killed and started again, with a model of Gemma 2B's
 * shape on the native backend: from a snapshot, against computing the prompt. Both wait for the same weights, so
 * loading them is left out.
 */
const ROUNDS = 3;
/** As many tokens, which are characters here, as a completion of a model without a context of its own is given. */
const PROMPT_CHARS = 1_950;

const home = await mkdtemp(join(tmpdir(), 'gemma-code-bench-'));
const client = new EngineClient({
  entry: fileURLToPath(new URL('../dist/inference/main.mjs', import.meta.url)),
  home,
  version: 'bench',
  client: 'bench',
  processArguments: ['--idle-exit-ms', '500', '--snapshot-ms', '200'],
});
const cold: CompleteResult[] = [];
const restored: CompleteResult[] = [];
const warm: CompleteResult[] = [];
let megabytes = NaN;
try {
  const model = await importLargeModel('gemma-1.1-2b-it', home);
  await client.call('load', { model, backend: 'native', snapshots: true });
  for (let round = 0; round < ROUNDS; round++) {
    cold.push(await complete(round));
    const files = await snapshots(round + 1);
    megabytes = (await stat(join(home, 'snapshots', files[0]!))).size / 1e6;
    process.kill((await client.call('status', {})).pid, 'SIGKILL');
    restored.push(await complete(round));
    warm.push(await complete(round));
  }
} finally {
  await client.dispose();
  // The process may still be closing its files.
  await rm(home, { recursive: true, force: true, maxRetries: 10 });
}

const prefillMs = (results: readonly CompleteResult[]): number =>
  median(results.map((result) => result.prefillMs));
console.log(
  table(
    ['2B shape, native', ''],
    [
      ['prompt (tokens)', median(cold.map((result) => result.promptTokens))],
      ['tokens prefilled after the restart', median(restored.map((r) => r.promptTokens - r.cachedTokens))],
      ['time to first token, computed (ms)', prefillMs(cold)],
      ['time to first token, from a snapshot (ms)', prefillMs(restored)],
      ['time to first token, still in memory (ms)', prefillMs(warm)],
      ['computed : from a snapshot', prefillMs(cold) / prefillMs(restored)],
      ['snapshot (MB)', megabytes],
    ],
  ),
);

/** In a file of its own for each round, different from its first line on. */
function complete(round: number): Promise<CompleteResult> {
  return client.call('complete', {
    document: `bench:///${round}.ts`,
    fileName: `${round}.ts`,
    languageId: 'typescript',
    prefix: `const value${round} = compute();\n`.repeat(PROMPT_CHARS).slice(0, PROMPT_CHARS),
    suffix: '\n',
    neighbors: [],
    trigger: 'invoked',
  });
}

/** Names of the snapshots as soon as there are so many. */
async function snapshots(count: number): Promise<string[]> {
  for (;;) {
    const names = await readdir(join(home, 'snapshots'));
    const whole = names.filter((name) => name.endsWith('.kv'));
    if (whole.length >= count) return whole;
    await delay(50);
  }
}
