import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GemmaError } from '../../protocol/errors.ts';
import { manifestFiles, type ModelManifest, readManifest } from '../model/modelManifest.ts';

/** A sentence about the first file of the import that is missing or not as long as recorded; null: none is. */
export async function findDamage(folder: string, manifest: ModelManifest): Promise<string | null> {
  for (const file of manifestFiles(manifest)) {
    const size = await stat(join(folder, file.name)).then(
      (stats) => stats.size,
      () => null,
    );
    if (size === null) return `${file.name} is missing in ${folder}.`;
    if (size !== file.bytes) return `${file.name} in ${folder} has ${size} bytes instead of ${file.bytes}.`;
  }
  return null;
}

/**
 * Compares every file of an imported model with the length and hash in its manifest.
 *
 * @throws GemmaError `model-damaged`, naming the file
 */
export async function verifyModel(folder: string): Promise<void> {
  const manifest = await readManifest(folder);
  const damage = await findDamage(folder, manifest);
  if (damage !== null) throw new GemmaError('model-damaged', `${damage} Import the model again.`);
  for (const file of manifestFiles(manifest)) {
    if ((await sha256(join(folder, file.name))) === file.sha256) continue;
    throw new GemmaError(
      'model-damaged',
      `${file.name} in ${folder} has changed since the import. Import the model again.`,
    );
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  const chunks: AsyncIterable<Uint8Array> = createReadStream(path);
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}
