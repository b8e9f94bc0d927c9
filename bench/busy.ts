import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import type { Backend, LoadedModel } from '../src/inference/backends/backend.ts';
import { createNativeBackend } from '../src/inference/backends/native.ts';
import { computeThreads } from '../src/inference/backends/threads.ts';
import { createWasmBackend } from '../src/inference/backends/wasm.ts';
import { readManifest } from '../src/inference/model/modelManifest.ts';
import { ensureImported } from '../src/inference/store/importedModels.ts';
import { importLargeModel } from './largeModel.ts';
import { median, table } from './report.ts';
import { withTemporaryHome } from './temporaryHome.ts';

/** What a decoded token takes while another program uses one core for a share of the time. */
const DUTIES = [0, 0.3, 1];
const ROUNDS = 5;
const TOKENS = 16;
const PAST = 256;

const pebble = fileURLToPath(new URL('../models/pebble', import.meta.url));

await withTemporaryHome(async (home) => {
  const embedded = (bestFor: 'native' | 'wasm'): Promise<string> =>
    ensureImported({ source: pebble, home, format: { bestFor } });
  const models: (readonly [string, LoadedModel])[] = [
    ['embedded model, native', await load(createNativeBackend(), await embedded('native'))],
    ['embedded model, WebAssembly', await load(createWasmBackend(), await embedded('wasm'))],
    [
      '2B shape, int4, native',
      await load(createNativeBackend(), await importLargeModel('gemma-1.1-2b-it', home)),
    ],
  ];
  const rows: (readonly (string | number)[])[] = [];
  for (const [name, model] of models) {
    const times = new Map(DUTIES.map((duty): [number, number[]] => [duty, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const duty of DUTIES) times.get(duty)!.push(await beside(duty, () => msPerToken(model)));
    }
    const medians = DUTIES.map((duty) => median(times.get(duty)!));
    rows.push([name, ...medians, ...medians.slice(1).map((ms) => ms / medians[0]!)]);
    await model.dispose();
  }
  console.log(
    table(
      ['ms per token', 'quiet', 'one core 30 % busy', '100 % busy', '30 % : quiet', '100 % : quiet'],
      rows,
    ),
  );
});

async function load(backend: Backend, folder: string): Promise<LoadedModel> {
  const manifest = await readManifest(folder);
  return backend.load(folder, manifest, { threads: computeThreads(backend.name, manifest.parameters) });
}

async function msPerToken(model: LoadedModel): Promise<number> {
  const kv = model.createKvBuffer(PAST + TOKENS);
  const start = performance.now();
  for (let position = PAST; position < PAST + TOKENS; position++) await model.forward(kv, position, [7], 1);
  const ms = (performance.now() - start) / TOKENS;
  kv.dispose();
  return ms;
}

/** Runs `task` while another process computes for `duty` of the time, 20 ms at a time. */
async function beside<T>(duty: number, task: () => Promise<T>): Promise<T> {
  if (duty === 0) return task();
  const burn = `const on = ${20 * duty}, off = ${20 * (1 - duty)};
    const turn = () => { const end = performance.now() + on; while (performance.now() < end); setTimeout(turn, off); };
    turn();`;
  const other = spawn(process.execPath, ['-e', burn], { stdio: 'ignore' });
  try {
    await once(other, 'spawn');
    await delay(200);
    return await task();
  } finally {
    other.kill('SIGKILL');
    await once(other, 'exit');
  }
}
