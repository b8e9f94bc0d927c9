import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Quantization } from '../../protocol/engine.ts';
import type { CheckpointFolder } from '../importer/checkpointFolder.ts';
import { MAX_CONFIG_BYTES, MAX_TOKENIZER_BYTES } from '../importer/modelDescription.ts';
import { IMPORT_VERSION } from '../importer/modelPlan.ts';
import { LAYOUT_FILES, MAX_LAYOUT_FILE_BYTES } from '../importer/readLayouts.ts';
import { readSmallFile } from '../importer/smallFile.ts';
import { listWeightFiles } from '../importer/weightFiles.ts';

/** 64 bits: enough that two checkpoints of one person never meet. */
const DIGEST_CHARS = 16;

/**
 * Identifies what an import of the checkpoint would give: the content of its small files, name, length and time of its
 * weight files (reading gigabytes to find out that nothing changed would cost more than it saves).
 *
 * @returns 16 hexadecimal digits
 * @throws GemmaError `model-damaged` when files are missing
 */
export async function checkpointDigest(
  folder: CheckpointFolder,
  quantization: Quantization,
): Promise<string> {
  const hash = createHash('sha256');
  hash.update(`${IMPORT_VERSION} ${quantization}\n`);
  for (const [name, maxBytes] of [
    ['config.json', MAX_CONFIG_BYTES],
    ['tokenizer.json', MAX_TOKENIZER_BYTES],
  ] as const) {
    const bytes = await readSmallFile(await folder.require(name), maxBytes);
    hash.update(`${name} ${bytes.length}\n`).update(bytes);
  }
  for (const name of LAYOUT_FILES) {
    const path = await folder.find(name);
    if (path === null) continue;
    const bytes = await readSmallFile(path, MAX_LAYOUT_FILE_BYTES);
    hash.update(`${name} ${bytes.length}\n`).update(bytes);
  }
  for (const { name, path } of await listWeightFiles(folder)) {
    const { size, mtimeMs } = await stat(path);
    hash.update(`${name} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, DIGEST_CHARS);
}
