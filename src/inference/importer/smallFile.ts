import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { GemmaError } from '../../protocol/errors.ts';

/** @throws GemmaError `model-damaged` when the file is larger than any real one of its kind */
export async function readSmallFile(path: string, maxBytes: number): Promise<Uint8Array> {
  const { size } = await stat(path);
  if (size > maxBytes) {
    throw new GemmaError(
      'model-damaged',
      `${basename(path)} has ${size} bytes; more than ${maxBytes} can't be right.`,
    );
  }
  return readFile(path);
}

/** The JSON value in a file. @throws GemmaError `model-damaged` */
export async function readJsonFile(path: string, maxBytes: number): Promise<unknown> {
  const bytes = await readSmallFile(path, maxBytes);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new GemmaError('model-damaged', `${basename(path)} is not valid JSON in UTF-8.`, { cause });
  }
}
