import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { readFully, writeFully } from '../positionedFile.ts';
import {
  LENGTH_BYTES,
  type ReadAt,
  readHeaderEnd,
  readSafetensorsHeader,
  type TensorInfo,
} from '../safetensors.ts';
import type { RemoteFile } from '../remoteFile.ts';

/** The header of a weight file, kept on disk as far as it has come: it must be known again after a restart. */
export class WeightHeader {
  readonly #file: RemoteFile;
  readonly #handle: FileHandle;

  private constructor(file: RemoteFile, handle: FileHandle) {
    this.#file = file;
    this.#handle = handle;
  }

  /** @param number of the weight file; its header is kept under this name in `folder` */
  static async open(folder: string, number: number, file: RemoteFile): Promise<WeightHeader> {
    const path = join(folder, String(number));
    return new WeightHeader(file, await open(path, constants.O_RDWR | constants.O_CREAT, 0o600));
  }

  async write(from: number, bytes: Uint8Array): Promise<void> {
    await writeFully(this.#handle, bytes, from);
  }

  /** Where the part ends that byte `at` is in: the length, or all of it; null: beyond the header. */
  async endOfPart(at: number): Promise<number | null> {
    if (at < LENGTH_BYTES) return Math.min(LENGTH_BYTES, this.#file.bytes);
    const end = await readHeaderEnd(this.#file.name, this.#file.bytes, this.#read);
    return at < end ? end : null;
  }

  /** When it is complete. @throws GemmaError `model-damaged` */
  async tensors(): Promise<readonly TensorInfo[]> {
    await this.#handle.sync();
    return readSafetensorsHeader(this.#file.name, this.#file.bytes, this.#read);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  readonly #read: ReadAt = async (offset, length) => {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, await readFully(this.#handle, bytes, offset));
  };
}
