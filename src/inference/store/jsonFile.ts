import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import * as v from 'valibot';
import { explainWriteError } from '../importer/writeErrors.ts';

/** Far above what is ever written. */
const MAX_BYTES = 16 * 2 ** 20;

/** Null when the file is missing, unreadable or anything but what `schema` describes. */
export async function readJson<S extends v.GenericSchema>(
  path: string,
  schema: S,
): Promise<v.InferOutput<S> | null> {
  try {
    if ((await stat(path)).size > MAX_BYTES) return null;
    const parsed = v.safeParse(schema, JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

/**
 * Replaces the file as a whole: whoever reads it meanwhile, or after a crash, sees the old one or the new one.
 *
 * @throws GemmaError `disk-full`, `bad-input` when the folder can't be written
 */
export async function writeJson(path: string, value: unknown): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(JSON.stringify(value));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw explainWriteError(error, path);
  }
}
