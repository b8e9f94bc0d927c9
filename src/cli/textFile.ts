import { readFile, stat } from 'node:fs/promises';
import { GemmaError } from '../protocol/errors.ts';

/** VS Code itself gives extensions no text of longer documents. */
const MAX_FILE_BYTES = 50 * 1024 * 1024;

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'may not be read',
  EISDIR: 'is a folder',
  ELOOP: 'is a loop of links',
  ENAMETOOLONG: 'has too long a name',
};

/**
 * Lines of a UTF-8 text file without their ends (\n, \r\n or \r) and without a byte order mark.
 *
 * @throws GemmaError `bad-input` when it can't be read, is too long or is not text
 */
export async function readLines(path: string): Promise<string[]> {
  const bytes = await readBytes(path);
  if (bytes.includes(0)) throw new GemmaError('bad-input', `${path} is a binary file.`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).split(/\r\n|\r|\n/);
  } catch (error) {
    throw new GemmaError('bad-input', `${path} is not UTF-8 text.`, { cause: error });
  }
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    const stats = await stat(path);
    if (!stats.isFile()) throw new GemmaError('bad-input', `${path} is not a file.`);
    if (stats.size > MAX_FILE_BYTES) {
      throw new GemmaError(
        'bad-input',
        `${path} is longer than the ${MAX_FILE_BYTES / 1024 ** 2} MiB that editors complete in.`,
      );
    }
    return await readFile(path);
  } catch (error) {
    if (error instanceof GemmaError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw new GemmaError('bad-input', `${path} ${reasons[code] ?? 'can not be read'}.`, { cause: error });
  }
}
