import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CatalogueModel, findCatalogueModel } from '../src/catalogue/catalogue.ts';
import { expectedSpeed } from '../src/catalogue/recommend.ts';
import type { Backend } from '../src/inference/backends/backend.ts';
import { computeThreads } from '../src/inference/backends/threads.ts';
import { CancelFlag } from '../src/inference/engine/cancelFlag.ts';
import { importModel } from '../src/inference/importer/importModel.ts';
import { measureSpeed } from '../src/inference/machine/measureSpeed.ts';
import { usableBackends } from '../src/inference/machine/usableBackends.ts';
import { readManifest } from '../src/inference/model/modelManifest.ts';
import type { MachineSpeed, Quantization } from '../src/protocol/models.ts';
import { type PublishedModel, publishedConfigs } from '../test/support/publishedConfigs.ts';
import { writeRepeatedCheckpoint } from '../test/support/repeatedCheckpoint.ts';
import { median, table } from './report.ts';
import { withTemporaryHome } from './temporaryHome.ts';

/** Time of the processor that this process took: other programs don't count. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/**
 * What the benchmark of the machine says that large models will do, beside what they do. Both take turns, and only the
 * time of the processor counts, so that other programs disturb little; of several threads it is the time of all.
 * `machine [MODEL | BACKEND …]`: by default all that run.
 */
const ROUNDS = 3;
/** A prompt, read in chunks as the engine reads it, and tokens after it. */
const CHUNK = 64;
const PROMPT_TOKENS = 256;
const WRITTEN_TOKENS = 24;

interface Measured {
  readonly tokensPerSecond: number;
  readonly promptTokensPerSecond: number;
}

/** Checkpoints of these shapes are written with random weights. */
const shapes: Readonly<Record<string, PublishedModel>> = {
  'gemma-3-270m-it': 'gemma-3-270m',
  'gemma-2b-it': 'gemma-2b-it',
};

async function importShape(shape: PublishedModel, quantization: Quantization, home: string): Promise<string> {
  const source = join(home, `random-${shape}`);
  const target = join(home, `${shape}-${quantization}`);
  await writeRepeatedCheckpoint(source, publishedConfigs[shape], 4);
  await importModel({ source, target, quantization });
  await rm(source, { recursive: true });
  return target;
}

async function rounds(
  folder: string,
  backend: Backend,
): Promise<{ readonly speeds: readonly MachineSpeed[]; readonly measured: readonly Measured[] }> {
  const manifest = await readManifest(folder);
  const speeds: MachineSpeed[] = [];
  const measured: Measured[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    speeds.push(await measureSpeed(backend, new CancelFlag(), processorMs));
    const threads = computeThreads(backend.name, manifest.parameters);
    const model = await backend.load(folder, manifest, { threads });
    const kv = model.createKvBuffer(PROMPT_TOKENS + WRITTEN_TOKENS + 1);
    const run = async (past: number, count: number): Promise<number> => {
      const tokens = Array.from({ length: count }, (_, index) => (past + index) % 256);
      const start = processorMs();
      await model.forward(kv, past, tokens, 1);
      return processorMs() - start;
    };
    await run(0, 1);
    const chunks: number[] = [];
    for (let past = 0; past < PROMPT_TOKENS; past += CHUNK) chunks.push(await run(past, CHUNK));
    const steps: number[] = [];
    for (let written = 0; written < WRITTEN_TOKENS; written++)
      steps.push(await run(PROMPT_TOKENS + written, 1));
    measured.push({
      tokensPerSecond: 1_000 / median(steps),
      promptTokensPerSecond: (1_000 * CHUNK) / median(chunks),
    });
    kv.dispose();
    await model.dispose();
  }
  return { speeds, measured };
}

function rowsOf(
  model: CatalogueModel,
  backend: Backend,
  { speeds, measured }: Awaited<ReturnType<typeof rounds>>,
): (string | number)[][] {
  const expected = speeds.map((speed) => expectedSpeed(model, speed));
  return (['tokensPerSecond', 'promptTokensPerSecond'] as const).map((what) => {
    const said = median(expected.map((speed) => speed[what]));
    const done = median(measured.map((speed) => speed[what]));
    const name = what === 'tokensPerSecond' ? 'writes' : 'reads';
    return [`${model.id}, ${backend.name}: ${name} (tokens/s)`, said, done, said / done];
  });
}

/** Of the arguments those among `known`; all when there is none. */
function chosen(known: readonly string[]): readonly string[] {
  const named = known.filter((name) => process.argv.includes(name));
  return named.length > 0 ? named : known;
}

const rows: (string | number)[][] = [];
await withTemporaryHome(async (home) => {
  const backends = await usableBackends(new CancelFlag());
  const names = chosen(backends.map(({ name }) => name));
  for (const backend of backends.filter(({ name }) => names.includes(name))) {
    const quantization = backend.name === 'wasm' ? 'q8' : 'q4';
    for (const id of chosen(Object.keys(shapes))) {
      const model = findCatalogueModel(id);
      const shape = shapes[id];
      if (model === undefined || shape === undefined)
        throw new Error(`There are no random weights for ${id}.`);
      const folder = await importShape(shape, quantization, home);
      try {
        rows.push(...rowsOf(model, backend, await rounds(folder, backend)));
      } catch (error) {
        console.error(`${id}, ${backend.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
      await rm(folder, { recursive: true });
    }
  }
});
console.log(table(['', 'expected', 'measured', 'expected : measured'], rows));
process.exit(0);
