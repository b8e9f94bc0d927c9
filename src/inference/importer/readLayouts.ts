import type { ModelManifest } from '../model/modelManifest.ts';
import { chooseLayouts, type TrainingEvidence } from '../prompt/chooseLayouts.ts';
import type { CheckpointFolder } from './checkpointFolder.ts';
import { readJsonFile, readSmallFile } from './smallFile.ts';

/** Gemma 3's tokenizer_config.json has 1.2 MB. */
const MAX_BYTES = 8 * 2 ** 20;

/**
 * How the model in `folder` is to be asked, by all that the folder tells about its training.
 *
 * @throws GemmaError `model-damaged` when a file is unreadable or too large
 */
export async function readLayouts(
  folder: CheckpointFolder,
  known: Pick<TrainingEvidence, 'name' | 'config' | 'tokenizer' | 'maxPositions'>,
): Promise<Pick<ModelManifest, 'chat' | 'completion'>> {
  const json = async (name: string): Promise<unknown> => {
    const path = await folder.find(name);
    return path === null ? null : readJsonFile(path, MAX_BYTES);
  };
  const templatePath = await folder.find('chat_template.jinja');
  const template = templatePath === null ? null : await readSmallFile(templatePath, MAX_BYTES);
  return chooseLayouts({
    ...known,
    generationConfig: await json('generation_config.json'),
    tokenizerConfig: await json('tokenizer_config.json'),
    chatTemplate: template && new TextDecoder().decode(template),
  });
}
