import { resolve } from 'node:path';
import { GemmaError } from '../protocol/errors.ts';
import { withEngine } from './engine.ts';
import { importHelp } from './help.ts';
import { homeOption, onlyPositional, quantizationOption, readOptions, sharedOptions } from './options.ts';

/** `import DIR --out DIR`: converts a checkpoint in the inference process. */
export async function importModel(args: readonly string[]): Promise<void> {
  const { values, positionals } = readOptions(args, {
    ...sharedOptions,
    out: { type: 'string' },
    quantization: { type: 'string', default: 'q4' },
  });
  if (values.help) {
    process.stdout.write(importHelp);
    return;
  }
  const source = resolve(onlyPositional(positionals, 'checkpoint folder'));
  if (values.out === undefined) throw new GemmaError('bad-input', '--out DIR is needed; see --help.');
  const target = resolve(values.out);
  const quantization = quantizationOption(values.quantization);

  const result = await withEngine(homeOption(values.home), (client) =>
    client.call('import', { source, target, quantization }),
  );
  const { architecture, parameters, bytes, milliseconds } = result;
  const megabytes = (bytes / 1_000_000).toFixed(1);
  process.stdout.write(
    `${architecture}, ${parameters} parameters, ${quantization}: ${megabytes} MB in ${Math.round(milliseconds)} ms at ${target}\n`,
  );
}
