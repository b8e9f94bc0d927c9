import { createHash, type Hash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelFile } from '../model/modelManifest.ts';
import type { ExternalRange } from './onnxWriter.ts';

/** Below 2^31, beyond which an ArrayBuffer or one read call fails in places. */
const MAX_FILE_BYTES = 1_900_000_000;
/** A cache line; large tensors start on a page so that they can be mapped. */
const ALIGNMENT = 64;
const PAGE = 4_096;
const LARGE_BYTES = 65_536;

/** Appends tensors to `STEM.0.bin`, `STEM.1.bin`, …, hashing on the way. */
export class DataFileWriter {
  readonly #folder: string;
  readonly #stem: string;
  readonly #files: ModelFile[] = [];
  readonly #maxFileBytes: number;
  #open: { readonly name: string; readonly handle: FileHandle; readonly hash: Hash; bytes: number } | null =
    null;

  constructor(folder: string, stem: string, maxFileBytes = MAX_FILE_BYTES) {
    this.#folder = folder;
    this.#stem = stem;
    this.#maxFileBytes = maxFileBytes;
  }

  /** Starts a tensor of `length` bytes; all of them must be written before the next one starts. */
  async begin(length: number): Promise<ExternalRange> {
    const alignment = length >= LARGE_BYTES ? PAGE : ALIGNMENT;
    if (this.#open !== null && alignUp(this.#open.bytes, alignment) + length > this.#maxFileBytes) {
      await this.#finishFile();
    }
    this.#open ??= await this.#startFile();
    const offset = alignUp(this.#open.bytes, alignment);
    if (offset > this.#open.bytes) await this.write(new Uint8Array(offset - this.#open.bytes));
    return { file: this.#open.name, offset, length };
  }

  async write(bytes: Uint8Array): Promise<void> {
    const file = this.#open;
    if (file === null) throw new TypeError('No tensor was begun.');
    file.hash.update(bytes);
    await writeFully(file.handle, bytes);
    file.bytes += bytes.length;
  }

  /** Flushes to disk. @returns the files written */
  async finish(): Promise<readonly ModelFile[]> {
    await this.#finishFile();
    return this.#files;
  }

  /** Closes what is open, after a failure. */
  async abandon(): Promise<void> {
    await this.#open?.handle.close();
    this.#open = null;
  }

  async #startFile() {
    const name = `${this.#stem}.${this.#files.length}.bin`;
    return { name, handle: await open(join(this.#folder, name), 'wx'), hash: createHash('sha256'), bytes: 0 };
  }

  async #finishFile(): Promise<void> {
    const file = this.#open;
    if (file === null) return;
    await file.handle.sync();
    await file.handle.close();
    this.#open = null;
    this.#files.push({ name: file.name, bytes: file.bytes, sha256: file.hash.digest('hex') });
  }
}

async function writeFully(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, offset);
    offset += bytesWritten;
  }
}

function alignUp(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}
