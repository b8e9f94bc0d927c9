import { createSHA1, createSHA256, type IHasher } from 'hash-wasm';
import { GemmaError } from '../../../protocol/errors.ts';
import type { RemoteFile } from '../remoteFile.ts';

/** The hash that the digest of a file is, over the bytes given so far. Its state can be saved, which Node's can't. */
export class ContentHash {
  readonly #file: RemoteFile;
  readonly #hasher: IHasher;

  private constructor(file: RemoteFile, hasher: IHasher) {
    this.#file = file;
    this.#hasher = hasher;
  }

  /** @param state of an earlier one for the same file; null: none of its bytes were given yet */
  static async create(file: RemoteFile, state: string | null = null): Promise<ContentHash> {
    const isBlob = file.digest.kind === 'gitBlob';
    const hasher = await (isBlob ? createSHA1() : createSHA256());
    hasher.init();
    if (state !== null) hasher.load(Buffer.from(state, 'base64'));
    else if (isBlob) hasher.update(`blob ${file.bytes}\0`);
    return new ContentHash(file, hasher);
  }

  update(bytes: Uint8Array): void {
    this.#hasher.update(bytes);
  }

  save(): string {
    return Buffer.from(this.#hasher.save()).toString('base64');
  }

  /** After all bytes. @throws GemmaError `untrusted` unless they are those that the digest is of */
  verify(): void {
    if (this.#hasher.digest('hex') === this.#file.digest.hex) return;
    throw new GemmaError(
      'untrusted',
      `${this.#file.name} is not the file that was asked for: its digest differs. Nothing of it was kept.`,
    );
  }
}
