import { GemmaError } from '../../protocol/errors.ts';
import type { Quantization } from '../../protocol/engine.ts';
import type { Architecture } from '../model/architecture.ts';
import type { ModelManifest } from '../model/modelManifest.ts';
import { readArchitecture } from '../model/readArchitecture.ts';
import { compileTokenizer } from '../tokenizer/compile.ts';
import { loadTokenizer } from '../tokenizer/loadTokenizer.ts';
import type { CheckpointFolder } from './checkpointFolder.ts';
import { readLayouts } from './readLayouts.ts';
import { readJsonFile, readSmallFile } from './smallFile.ts';
import { checkFormat } from './weightFormat.ts';

export const MAX_CONFIG_BYTES = 1_000_000;
/** Gemma 3's is 33 MB. */
export const MAX_TOKENIZER_BYTES = 64 * 2 ** 20;

/** All that an imported model is, but for its weights. */
export interface ModelDescription extends Pick<
  ModelManifest,
  'name' | 'architecture' | 'quantization' | 'chat' | 'completion'
> {
  /** Compiled. */
  readonly tokenizer: Uint8Array;
}

/**
 * What the small files of a checkpoint say.
 *
 * @throws GemmaError `model-damaged`, `model-unsupported`
 */
export async function describeModel(
  folder: CheckpointFolder,
  name: string,
  quantization: Quantization,
): Promise<ModelDescription> {
  const config = await readJsonFile(await folder.require('config.json'), MAX_CONFIG_BYTES);
  const architecture = readArchitecture(config);
  checkFormat(architecture, quantization);
  const tokenizer = await readTokenizer(folder, architecture);
  const layouts = await readLayouts(folder, {
    name,
    config,
    tokenizer: loadTokenizer(tokenizer),
    maxPositions: architecture.maxPositions,
  });
  return { name, architecture, quantization, tokenizer, ...layouts };
}

async function readTokenizer(folder: CheckpointFolder, architecture: Architecture): Promise<Uint8Array> {
  const json = await readSmallFile(await folder.require('tokenizer.json'), MAX_TOKENIZER_BYTES);
  const compiled = compileTokenizer(json);
  const tokenizer = loadTokenizer(compiled);
  for (let id = architecture.vocabSize; id < tokenizer.size; id++) {
    // Text-only Gemma 3 models keep the image token of the others, without a row for it; no text encodes to it.
    if (tokenizer.isControl(id)) continue;
    throw new GemmaError(
      'model-damaged',
      `tokenizer.json has ${tokenizer.size} tokens, but the embedding table only ${architecture.vocabSize} rows.`,
    );
  }
  return compiled;
}
