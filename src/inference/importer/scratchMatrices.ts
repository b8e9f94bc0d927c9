import { constants } from 'node:fs';
import { mkdir, open, readdir, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { GemmaError } from '../../protocol/errors.ts';
import { bytesOf, readFully, writeFully } from './positionedFile.ts';

/** Bytes of the turned matrix that are made at a time. */
const TURNED_BYTES = 4 << 20;
/** Rows and columns that are turned together, so that both sides stay in the cache. */
const TILE = 64;

/**
 * int8 matrices on disk that arrive row by row though they are stored column by column. One that is complete stays until
 * it is removed, so that turning it can be done again.
 */
export class ScratchMatrices {
  readonly #folder: string;
  readonly #handles = new Map<number, FileHandle>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Writes codes of matrix `index` at byte `from` of its rows. */
  async write(index: number, from: number, codes: Uint8Array): Promise<void> {
    await writeFully(await this.#open(index), codes, from);
  }

  /** Columns of the complete matrix [rows, columns], a few after each other: [columns, rows] in the end. */
  async *turned(index: number, rows: number, columns: number): AsyncGenerator<Int8Array> {
    const matrix = new Int8Array(rows * columns);
    const count = await readFully(await this.#open(index), bytesOf(matrix), 0);
    if (count < matrix.length) {
      throw new GemmaError('internal', 'A matrix that was being converted is incomplete on disk.');
    }
    const step = Math.max(1, Math.floor(TURNED_BYTES / rows));
    const turned = new Int8Array(Math.min(step, columns) * rows);
    for (let first = 0; first < columns; first += step) {
      const width = Math.min(step, columns - first);
      turn(matrix, rows, columns, first, width, turned);
      yield turned.subarray(0, width * rows);
    }
  }

  /** Makes what is written durable, also what an earlier process wrote. */
  async sync(): Promise<void> {
    for (const name of await readdir(this.#folder).catch(() => [])) {
      await (await this.#open(Number(name))).sync();
    }
  }

  async remove(index: number): Promise<void> {
    await this.#handles.get(index)?.close();
    this.#handles.delete(index);
    await rm(this.#path(index), { force: true });
  }

  /** Removes all of them. */
  async discard(): Promise<void> {
    await this.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    for (const handle of this.#handles.values()) await handle.close();
    this.#handles.clear();
  }

  #path(index: number): string {
    return join(this.#folder, String(index));
  }

  async #open(index: number): Promise<FileHandle> {
    const known = this.#handles.get(index);
    if (known !== undefined) return known;
    await mkdir(this.#folder, { recursive: true });
    const handle = await open(this.#path(index), constants.O_RDWR | constants.O_CREAT, 0o600);
    this.#handles.set(index, handle);
    return handle;
  }
}

/** Columns `first` … `first + width − 1` of `matrix` as rows of `turned`. */
function turn(
  matrix: Int8Array,
  rows: number,
  columns: number,
  first: number,
  width: number,
  turned: Int8Array,
): void {
  for (let top = 0; top < rows; top += TILE) {
    const bottom = Math.min(top + TILE, rows);
    for (let left = 0; left < width; left += TILE) {
      const right = Math.min(left + TILE, width);
      for (let column = left; column < right; column++) {
        const target = column * rows;
        for (let row = top; row < bottom; row++)
          turned[target + row] = matrix[row * columns + first + column]!;
      }
    }
  }
}
