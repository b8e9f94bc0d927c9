import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GemmaError, toGemmaError } from '../../protocol/errors.ts';
import type { MachineSpeed } from '../../protocol/models.ts';
import type { Backend, LoadedModel } from '../backends/backend.ts';
import { computeThreads } from '../backends/threads.ts';
import { createFolder } from '../importer/createFolder.ts';
import type { Turn } from '../kv/turn.ts';
import { writeSpeedModel } from './speedModel.ts';

/** As many tokens as the engine reads of a prompt at once. */
const PROMPT_TOKENS = 64;

type Clock = () => number;

/** Repetitions end with the first of these that is reached; the first one isn't counted. */
interface Limits {
  readonly repetitions: number;
  readonly milliseconds: number;
}
const decodeLimits: Limits = { repetitions: 40, milliseconds: 1_000 };
const promptLimits: Limits = { repetitions: 8, milliseconds: 1_500 };
/** Of slow machines too. */
const LEAST_REPETITIONS = 3;

/**
 * Measures what a backend makes of this machine, in some seconds. Others compute between its steps; what they take is
 * not counted.
 *
 * @param now milliseconds of a clock
 * @throws GemmaError `cancelled`, `disk-full`; what a backend throws
 */
export async function measureSpeed(
  backend: Backend,
  turn: Turn,
  now: Clock = () => performance.now(),
): Promise<MachineSpeed> {
  const quantization = backend.name === 'wasm' ? 'q8' : 'q4';
  const parent = await mkdtemp(join(tmpdir(), `gemma-code-speed-${process.pid}-`));
  try {
    const written = createFolder(join(parent, 'model'), (folder) => writeSpeedModel(folder, quantization));
    const { manifest, decodeBytes, promptWeights } = await turn.aside(written);
    await turn.step();
    const threads = computeThreads(backend.name, manifest.parameters);
    const model = await backend.load(join(parent, 'model'), manifest, { threads });
    try {
      const { decodeMs, promptMs } = await timesOf(model, turn, now);
      return {
        backend: backend.name,
        quantization,
        threads: model.threads,
        decodeBytesPerSecond: (1_000 * decodeBytes) / decodeMs,
        prefillWeightsPerSecond: (1_000 * promptWeights * PROMPT_TOKENS) / promptMs,
      };
    } finally {
      await model.dispose();
    }
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}

/** All that can be measured, one after the other. @throws GemmaError `cancelled`; why the first failed when all did */
export async function measureBackends(
  backends: readonly Backend[],
  turn: Turn,
): Promise<readonly MachineSpeed[]> {
  const speeds: MachineSpeed[] = [];
  let failure: GemmaError | null = null;
  for (const backend of backends) {
    try {
      speeds.push(await measureSpeed(backend, turn));
    } catch (error) {
      const why = toGemmaError(error);
      if (why.code === 'cancelled') throw why;
      failure ??= why;
    }
  }
  if (speeds.length === 0 && failure !== null) throw failure;
  return speeds;
}

/** Of one token, and of a chunk of a prompt, each after a few others as in the middle of a text. */
async function timesOf(
  model: LoadedModel,
  turn: Turn,
  now: Clock,
): Promise<{ readonly decodeMs: number; readonly promptMs: number }> {
  const kv = model.createKvBuffer(2 * PROMPT_TOKENS);
  const run = (tokens: readonly number[]): Promise<unknown> => model.forward(kv, PROMPT_TOKENS, tokens, 1);
  const prompt = Array.from({ length: PROMPT_TOKENS }, (_, token) => token);
  try {
    return {
      decodeMs: await quietMs(() => run([1]), decodeLimits, turn, now),
      promptMs: await quietMs(() => run(prompt), promptLimits, turn, now),
    };
  } finally {
    kv.dispose();
  }
}

/** What a run takes when little else runs: of the fastest quarter. Other programs make it longer, and never shorter. */
async function quietMs(run: () => Promise<unknown>, limits: Limits, turn: Turn, now: Clock): Promise<number> {
  const times: number[] = [];
  let total = 0;
  for (let round = 0; round <= limits.repetitions; round++) {
    if (total > limits.milliseconds && times.length >= LEAST_REPETITIONS) break;
    await turn.step();
    const start = now();
    await run();
    const taken = now() - start;
    if (round === 0) continue;
    times.push(taken);
    total += taken;
  }
  times.sort((one, other) => one - other);
  return times[times.length >> 2] ?? NaN;
}
