import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelFile } from '../model/modelManifest.ts';
import type { ExternalRange } from './onnxWriter.ts';
import { writeFully } from './positionedFile.ts';
import type { DataFile } from './weightPlan.ts';

/** Read and hashed at a time. */
const HASHED_BYTES = 1 << 20;

/** The data files of a model, in full length from the start and written in any order. What isn't written is zero. */
export class DataFiles {
  readonly #folder: string;
  readonly #files: readonly DataFile[];
  readonly #handles: ReadonlyMap<string, FileHandle>;
  /** Not durable yet; at first all, since an earlier process may have written to any. */
  readonly #changed: Set<FileHandle>;

  private constructor(folder: string, files: readonly DataFile[], handles: ReadonlyMap<string, FileHandle>) {
    this.#folder = folder;
    this.#files = files;
    this.#handles = handles;
    this.#changed = new Set(handles.values());
  }

  /** Whether all of them were created, in full length. */
  static async areThere(folder: string, files: readonly DataFile[]): Promise<boolean> {
    for (const { name, bytes } of files) {
      const stats = await stat(join(folder, name)).catch(() => null);
      if (stats?.size !== bytes) return false;
    }
    return true;
  }

  /** Creates the files, or goes on with those that are there. */
  static async open(folder: string, files: readonly DataFile[]): Promise<DataFiles> {
    const handles = new Map<string, FileHandle>();
    try {
      for (const { name, bytes } of files) {
        const handle = await open(join(folder, name), constants.O_RDWR | constants.O_CREAT, 0o666);
        handles.set(name, handle);
        await handle.truncate(bytes);
      }
    } catch (error) {
      for (const handle of handles.values()) await handle.close();
      throw error;
    }
    return new DataFiles(folder, files, handles);
  }

  /** Writes at byte `from` of `range`. */
  async write(range: ExternalRange, from: number, bytes: Uint8Array): Promise<void> {
    const handle = this.#handles.get(range.file);
    if (handle === undefined) throw new TypeError(`No file ${range.file}.`);
    if (from + bytes.length > range.length) throw new RangeError(`Beyond the run in ${range.file}.`);
    await writeFully(handle, bytes, range.offset + from);
    this.#changed.add(handle);
  }

  /** Makes what was written so far durable. */
  async sync(): Promise<void> {
    const changed = [...this.#changed];
    this.#changed.clear();
    await Promise.all(changed.map((handle) => handle.sync()));
  }

  /** The files as they are now. @param beforeEach called between some megabytes; throws to stop */
  async hash(beforeEach: () => void = () => undefined): Promise<readonly ModelFile[]> {
    const hashed: ModelFile[] = [];
    for (const { name, bytes } of this.#files) {
      const hash = createHash('sha256');
      const chunks: AsyncIterable<Uint8Array> = createReadStream(join(this.#folder, name), {
        highWaterMark: HASHED_BYTES,
      });
      for await (const chunk of chunks) {
        beforeEach();
        hash.update(chunk);
      }
      hashed.push({ name, bytes, sha256: hash.digest('hex') });
    }
    return hashed;
  }

  async close(): Promise<void> {
    for (const handle of this.#handles.values()) await handle.close();
  }
}
