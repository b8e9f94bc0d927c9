import { catalogue } from '../../catalogue/catalogue.ts';
import { expectedSpeed, recommend } from '../../catalogue/recommend.ts';
import type { Machine, MachineSpeed } from '../../protocol/models.ts';
import { withEngine } from '../engine.ts';
import { modelsHelp } from '../help.ts';
import { backendOption, homeOption, noPositionals, readOptions, sharedOptions } from '../options.ts';
import { keepSpeeds } from './measuredSpeeds.ts';
import { recommendationLines } from './sentences.ts';
import { columns, rateText, sizeText } from './units.ts';

/** As shells report a program that Ctrl+C ended. */
const INTERRUPTED = 130;

/** `models bench`: how fast this machine is, and what that means for each model. */
export async function bench(args: readonly string[]): Promise<void> {
  const { values, positionals } = readOptions(args, {
    ...sharedOptions,
    json: { type: 'boolean', default: false },
    backend: { type: 'string', default: 'auto' },
  });
  if (values.help) {
    process.stdout.write(modelsHelp);
    return;
  }
  noPositionals(positionals);
  const backend = backendOption(values.backend);
  const home = homeOption(values.home);
  const stop = new AbortController();
  const onInterrupt = (): void => stop.abort();
  process.once('SIGINT', onInterrupt);
  try {
    const [machine, speeds] = await withEngine(home, async (client) => {
      if (process.stderr.isTTY) process.stderr.write('Measuring; this takes some seconds.\n');
      const found = await client.call('machine', {}, stop.signal);
      return [found, await client.call('measureMachine', { backend }, stop.signal)] as const;
    });
    await keepSpeeds(home, speeds);
    process.stdout.write(
      values.json ? `${JSON.stringify(benchJson(machine, speeds))}\n` : benchText(machine, speeds),
    );
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.exitCode = INTERRUPTED;
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

function benchJson(machine: Machine, speeds: readonly MachineSpeed[]) {
  const expected = speeds.map((speed) => ({
    backend: speed.backend,
    quantization: speed.quantization,
    models: Object.fromEntries(catalogue.map((model) => [model.id, expectedSpeed(model, speed)])),
  }));
  return { machine, speeds, expected };
}

export function benchText(machine: Machine, speeds: readonly MachineSpeed[]): string {
  const { platform, arch, cores, memoryBytes, freeMemoryBytes, freeDiskBytes, backends } = machine;
  return `${[
    `${platform} ${arch}, ${cores} cores, ${sizeText(memoryBytes)} of memory (${sizeText(freeMemoryBytes)} free), ${sizeText(freeDiskBytes)} of disk free`,
    `Backends that work: ${backends.join(', ') || 'none'}`,
    '',
    ...speeds.flatMap((speed) => [...speedLines(machine, speed), '']),
    ...recommendationLines(recommend(machine, speeds, 'completion'), 'completion'),
    ...recommendationLines(recommend(machine, speeds, 'chat'), 'chat'),
  ].join('\n')}\n`;
}

/** What was measured with one backend, and what it lets expect of the models that its machine can hold. */
function speedLines(machine: Machine, speed: MachineSpeed): string[] {
  const { backend, quantization, threads, decodeBytesPerSecond, prefillWeightsPerSecond } = speed;
  const only = { ...machine, backends: [backend] };
  const rows = recommend(only, [speed], 'chat')
    .verdicts.filter(({ fits }) => fits)
    .flatMap(({ model, plan }) => {
      if (plan === null || plan.speed === null) return [];
      const { tokensPerSecond, promptTokensPerSecond } = plan.speed;
      return [
        [
          `  ${model.id}`,
          rateText(tokensPerSecond),
          rateText(promptTokensPerSecond),
          sizeText(plan.memoryBytes),
        ],
      ];
    });
  return [
    `${backend}, ${quantization}, ${threads === 1 ? 'one thread' : `${threads} threads`}: ${sizeText(decodeBytesPerSecond)} of weights a second while writing, ${rateText(prefillWeightsPerSecond / 1e9)} billion products a second while reading`,
    ...columns([['  MODEL', 'WRITES/s', 'READS/s', 'MEMORY'], ...rows], new Set([1, 2, 3])),
  ];
}
