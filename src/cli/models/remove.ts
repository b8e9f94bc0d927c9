import * as v from 'valibot';
import { GemmaError } from '../../protocol/errors.ts';
import { ModelId } from '../../protocol/models.ts';
import { withEngine } from '../engine.ts';
import { modelsHelp } from '../help.ts';
import { homeOption, onlyPositional, readOptions, sharedOptions } from '../options.ts';
import { sizeText } from './units.ts';

/** `models rm ID`: removes an installed model, or what there is of a download. */
export async function remove(args: readonly string[]): Promise<void> {
  const { values, positionals } = readOptions(args, sharedOptions);
  if (values.help) {
    process.stdout.write(modelsHelp);
    return;
  }
  const id = onlyPositional(positionals, 'model');
  if (!isModelId(id)) throw new GemmaError('bad-input', `${id} is not the name of a model.`);
  await withEngine(homeOption(values.home), async (client) => {
    const { installed, transfers } = await client.call('listModels', {});
    const model = installed.find((other) => other.id === id);
    const transfer = transfers.find((other) => other.id === id);
    if (model === undefined && transfer === undefined) {
      throw new GemmaError('bad-input', `There is no model ${id}; see models list.`);
    }
    if (transfer !== undefined) await client.call('cancelDownload', { id });
    if (model !== undefined) await client.call('removeModel', { id });
    const bytes = sizeText(model?.bytes ?? transfer?.doneBytes ?? 0);
    process.stdout.write(`${id} is removed${model === undefined ? '' : `: ${bytes}`}.\n`);
  });
}

function isModelId(name: string): boolean {
  return v.is(ModelId, name);
}
