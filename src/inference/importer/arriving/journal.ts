import { type FileHandle, open, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { syncFolder } from '../createFolder.ts';
import { bootId, isSameBoot } from './bootId.ts';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const Position = v.object({
  /** Number of the weight file; those before it are complete and verified. */
  file: count,
  /** Bytes of it that are converted. */
  offset: count,
  /** State of its hash; null: before the first byte. */
  hash: v.nullable(v.string()),
  /** Of all weight files together. */
  bytes: count,
});
/** How far an import has come: all before it is written, and need not be asked for again. */
export type Position = v.InferOutput<typeof Position>;

const Line = v.object({ boot: v.string(), ...Position.entries });
type Line = v.InferOutput<typeof Line>;

/**
 * The file that says how far an import has come. Its first line survives a loss of power; those after it are true as
 * long as the machine isn't started anew, whatever happens to the process.
 */
export class Journal {
  readonly #path: string;
  readonly #boot: string;
  #handle: FileHandle | null = null;
  /** Length of the first line. */
  #durableBytes = 0;

  private constructor(path: string, boot: string) {
    this.#path = path;
    this.#boot = boot;
  }

  /** @returns the journal, and the position to go on from; null: there is none */
  static async open(path: string): Promise<{ journal: Journal; position: Position | null }> {
    const boot = await bootId();
    const journal = new Journal(path, boot);
    const lines = await readLines(path);
    const [durable] = lines;
    if (durable === undefined) return { journal, position: null };
    const latest = lines.findLast((line) => isSameBoot(line.boot, boot)) ?? durable;
    // Without what was torn or is of another boot.
    await journal.#begin(durable, latest === durable ? [] : [{ ...latest, boot }]);
    return { journal, position: latest };
  }

  /** Survives the process. All before `position` must be written. */
  async note(position: Position): Promise<void> {
    this.#handle ??= await open(this.#path, 'a', 0o600);
    await this.#handle.appendFile(lineOf({ ...position, boot: this.#boot }));
  }

  /** Survives a loss of power, too. All before `position` must be durable. */
  async commit(position: Position): Promise<void> {
    await this.#begin({ ...position, boot: this.#boot }, []);
  }

  /** Back to the last position that was committed, as after a loss of power: what came since may not be written. */
  async revert(): Promise<void> {
    await this.close();
    // Shortening a file works on a full disk, too.
    await truncate(this.#path, this.#durableBytes);
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = null;
  }

  async #begin(durable: Line, others: readonly Line[]): Promise<void> {
    await this.close();
    const fresh = `${this.#path}.new`;
    const first = lineOf(durable);
    await writeFile(fresh, first + others.map(lineOf).join(''), { flush: true, mode: 0o600 });
    await rename(fresh, this.#path);
    await syncFolder(dirname(this.#path));
    this.#durableBytes = Buffer.byteLength(first);
  }
}

/** The last position in the journal at `path`; null: there is none. */
export async function lastPosition(path: string): Promise<Position | null> {
  const lines = await readLines(path);
  const boot = await bootId();
  return lines.findLast((line) => isSameBoot(line.boot, boot)) ?? lines[0] ?? null;
}

function lineOf({ boot, file, offset, hash, bytes }: Line): string {
  return `${JSON.stringify({ boot, file, offset, hash, bytes })}\n`;
}

/** Whole lines; none when the first one, without which the others mean nothing, is damaged. */
async function readLines(path: string): Promise<readonly Line[]> {
  const content = await readFile(path, 'utf8').catch(() => '');
  const lines = content.split('\n').slice(0, -1).map(parse);
  return lines[0] === null ? [] : lines.filter((line) => line !== null);
}

function parse(text: string): Line | null {
  try {
    return v.parse(Line, JSON.parse(text));
  } catch {
    return null;
  }
}
