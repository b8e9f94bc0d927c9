import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importModel } from '../src/inference/importer/importModel.ts';
import { type PublishedModel, publishedConfigs } from '../test/support/publishedConfigs.ts';
import { writeRepeatedCheckpoint } from '../test/support/repeatedCheckpoint.ts';
import { gemmaTokenizer, generations } from '../test/unit/tokenizer/syntheticTokenizer.ts';

const CHARACTERS = Array.from('abcdefghijklmnopqrstuvwxyz0123456789.,:;()[]{}=+-*/<>"\'_▁');
/** `<eos>` and `<end_of_turn>` of Gemma 1: by this a checkpoint says that it was tuned for conversations. */
const STOPS = [1, 107];

/**
 * Imports a published model of Gemma 1 with random weights, to int4, into a new folder of `home`. Its tokenizer knows
 * few characters; its embedding has as many rows as the real one.
 *
 * @returns the folder of the imported model
 */
export async function importLargeModel(name: PublishedModel, home: string): Promise<string> {
  const source = join(home, `random-${name}`);
  const target = join(home, name);
  await writeRepeatedCheckpoint(source, publishedConfigs[name], 4);
  const tokenizer = gemmaTokenizer(CHARACTERS, generations.gemma1);
  await writeFile(join(source, 'tokenizer.json'), JSON.stringify(tokenizer));
  await writeFile(join(source, 'generation_config.json'), JSON.stringify({ eos_token_id: STOPS }));
  await importModel({ source, target, quantization: 'q4' });
  await rm(source, { recursive: true });
  return target;
}
