import { type FileHandle, open, readFile } from 'node:fs/promises';
import { GemmaError } from '../protocol/errors.ts';

const NEWLINE = 0x0a;

/**
 * A file of lines that several processes append to. A line is written by one call, which the system puts at the end of
 * the file as a whole; what a crash or a full disk leaves of one is closed by the next append, and is a line that
 * nobody understands.
 */
export class LineFile {
  readonly path: string;
  #file: FileHandle | null = null;
  /** Appends one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Resolves when the lines will outlive a power cut.
   *
   * @throws GemmaError `disk-full`; what the system says
   */
  append(lines: readonly string[]): Promise<void> {
    const appended = this.#last.then(() => this.#append(lines));
    this.#last = appended.catch(() => undefined);
    return appended;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#file?.close();
    this.#file = null;
  }

  async #append(lines: readonly string[]): Promise<void> {
    this.#file ??= await open(this.path, 'a+', 0o600);
    const file = this.#file;
    const { size } = await file.stat();
    const isTorn = size > 0 && (await file.read(Buffer.alloc(1), 0, 1, size - 1)).buffer[0] !== NEWLINE;
    const bytes = Buffer.from(`${isTorn ? '\n' : ''}${lines.join('\n')}\n`);
    try {
      const { bytesWritten } = await file.write(bytes);
      if (bytesWritten < bytes.length) throw Object.assign(new Error('Short write.'), { code: 'ENOSPC' });
      await file.datasync();
    } catch (error) {
      throw diskError(error);
    }
  }
}

export interface ReadLines {
  readonly lines: string[];
  /** At which byte the next line begins. */
  readonly next: number;
}

/** Whole lines from byte `from` on. The rest may still be in the making. */
export async function readLinesFrom(path: string, from: number): Promise<ReadLines> {
  const bytes = from === 0 ? await readFile(path) : await readTail(path, from);
  const end = bytes.lastIndexOf(NEWLINE) + 1;
  const lines = bytes.subarray(0, end).toString('utf8').split('\n').slice(0, -1);
  return { lines, next: from + end };
}

async function readTail(path: string, from: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(Math.max(0, size - from));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function diskError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new GemmaError(
    'disk-full',
    'The disk is full: this was not saved. What was saved before is still there; make room and try again.',
    { cause: error },
  );
}
