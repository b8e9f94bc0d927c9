import { resolve } from 'node:path';
import { withEngine } from '../engine.ts';
import { modelsHelp } from '../help.ts';
import { homeOption, onlyPositional, quantizationOption, readOptions, sharedOptions } from '../options.ts';
import { sizeText } from './units.ts';

/** `models import DIR`: installs a checkpoint that is on the disk already; nothing is asked of any network. */
export async function importFolder(args: readonly string[]): Promise<void> {
  const { values, positionals } = readOptions(args, { ...sharedOptions, quantization: { type: 'string' } });
  if (values.help) {
    process.stdout.write(modelsHelp);
    return;
  }
  const source = resolve(onlyPositional(positionals, 'checkpoint folder'));
  const quantization = values.quantization === undefined ? null : quantizationOption(values.quantization);
  const model = await withEngine(homeOption(values.home), (client) =>
    client.call('installModel', { source, quantization }),
  );
  process.stdout.write(`${model.id} is installed: ${model.quantization}, ${sizeText(model.bytes)}.\n`);
}
