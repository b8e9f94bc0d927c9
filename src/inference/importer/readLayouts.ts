import type { ModelManifest } from '../model/modelManifest.ts';
import { chooseLayouts, type TrainingEvidence } from '../prompt/chooseLayouts.ts';
import type { CheckpointFolder } from './checkpointFolder.ts';
import { readJsonFile, readSmallFile } from './smallFile.ts';

/** Files besides config.json that tell how a model was trained; each may be missing. */
export const LAYOUT_FILES = [
  'generation_config.json',
  'tokenizer_config.json',
  'chat_template.jinja',
] as const;
type LayoutFile = (typeof LAYOUT_FILES)[number];

/** Gemma 3's tokenizer_config.json has 1.2 MB. */
export const MAX_LAYOUT_FILE_BYTES = 8 * 2 ** 20;

/**
 * How the model in `folder` is to be asked, by all that the folder tells about its training.
 *
 * @throws GemmaError `model-damaged` when a file is unreadable or too large
 */
export async function readLayouts(
  folder: CheckpointFolder,
  known: Pick<TrainingEvidence, 'name' | 'config' | 'tokenizer' | 'maxPositions'>,
): Promise<Pick<ModelManifest, 'chat' | 'completion'>> {
  const read = async <T>(
    name: LayoutFile,
    reader: (path: string, maxBytes: number) => Promise<T>,
  ): Promise<T | null> => {
    const path = await folder.find(name);
    return path === null ? null : reader(path, MAX_LAYOUT_FILE_BYTES);
  };
  const template = await read('chat_template.jinja', readSmallFile);
  return chooseLayouts({
    ...known,
    generationConfig: await read('generation_config.json', readJsonFile),
    tokenizerConfig: await read('tokenizer_config.json', readJsonFile),
    chatTemplate: template && new TextDecoder().decode(template),
  });
}
