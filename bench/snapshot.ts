import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EngineClient } from '../src/client/engineClient.ts';
import type { WarmUpResult } from '../src/protocol/engine.ts';
import { importLargeModel } from './largeModel.ts';
import { median, table } from './report.ts';
import { withTemporaryHome } from './temporaryHome.ts';

/**
 * The time to the first token in a file after the inference process was killed and started again, with a model of
 * Gemma 2B's shape on the native backend: from a snapshot, against computing the prompt. Both wait for the same weights,
 * so loading them is left out.
 */
const ROUNDS = 3;
/** Of a tokenizer that knows few words: about as many tokens as fit the context of a completion. */
const PROMPT_CHARS = 1_700;
/** More than a slow disk takes for one. */
const WRITE_MS = 60_000;

interface Measured extends WarmUpResult {
  readonly ms: number;
}

await withTemporaryHome(async (home) => {
  const model = await importLargeModel('gemma-2b', home);
  const client = new EngineClient({
    entry: fileURLToPath(new URL('../dist/inference/main.mjs', import.meta.url)),
    home,
    version: 'bench',
    client: 'bench',
    processArguments: ['--idle-exit-ms', '500', '--snapshot-ms', '200'],
  });
  const load = (): Promise<unknown> =>
    client.call('load', { role: 'completion', model, backend: 'native', snapshots: true });
  const cold: Measured[] = [];
  const restored: Measured[] = [];
  const warm: Measured[] = [];
  let megabytes = NaN;
  try {
    for (let round = 0; round < ROUNDS; round++) {
      await load();
      cold.push(await prefill(client, round));
      megabytes = await snapshotMegabytes(join(home, 'snapshots'), round);
      process.kill((await client.call('status', {})).pid, 'SIGKILL');
      await load();
      restored.push(await prefill(client, round));
      warm.push(await prefill(client, round));
    }
  } finally {
    await client.dispose();
  }
  console.log(report(cold, restored, warm, megabytes));
});

/** In a file of its own for each round, different from its first line on. */
async function prefill(client: EngineClient, round: number): Promise<Measured> {
  const start = performance.now();
  const result = await client.call('warmUp', {
    document: `bench:///${round}.ts`,
    fileName: `${round}.ts`,
    languageId: 'typescript',
    prefix: `const value${round} = compute();\n`.repeat(PROMPT_CHARS).slice(0, PROMPT_CHARS),
    suffix: '\n',
  });
  return { ...result, ms: performance.now() - start };
}

/** Size of a snapshot, as soon as there is one more than `before`. */
async function snapshotMegabytes(folder: string, before: number): Promise<number> {
  const deadline = performance.now() + WRITE_MS;
  while (performance.now() < deadline) {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.kv'));
    if (names.length > before) return (await stat(join(folder, names[0]!))).size / 1e6;
    await delay(50);
  }
  throw new Error(`No snapshot was written in ${WRITE_MS} ms.`);
}

function report(
  cold: readonly Measured[],
  restored: readonly Measured[],
  warm: readonly Measured[],
  megabytes: number,
): string {
  const ms = (results: readonly Measured[]): number => median(results.map((result) => result.ms));
  const missing = ({ promptTokens, cachedTokens }: Measured): number => promptTokens - cachedTokens;
  return table(
    ['2B shape, native', ''],
    [
      ['prompt (tokens)', median(cold.map(({ promptTokens }) => promptTokens))],
      ['tokens prefilled after the restart', median(restored.map(missing))],
      ['time to first token, computed (ms)', ms(cold)],
      ['time to first token, from a snapshot (ms)', ms(restored)],
      ['time to first token, still in memory (ms)', ms(warm)],
      ['computed : from a snapshot', ms(cold) / ms(restored)],
      ['from a snapshot : still in memory', ms(restored) / ms(warm)],
      ['snapshot (MB)', megabytes],
    ],
  );
}
