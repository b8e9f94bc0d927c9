import { GemmaError } from '../../../protocol/errors.ts';
import type { RowConverter } from '../rowConverter.ts';
import type { DataFiles } from '../dataFiles.ts';
import type { OpenRemoteFile, RemoteFile } from '../remoteFile.ts';
import type { ScratchMatrices } from '../scratchMatrices.ts';
import type { TensorTable } from '../tensorTable.ts';
import type { Shard } from '../weightFiles.ts';
import type { WeightPlan } from '../weightPlan.ts';
import { ContentHash } from './contentHash.ts';
import type { Journal, Position } from './journal.ts';
import { receive } from './receive.ts';
import { WeightHeader } from './weightHeader.ts';
import { PIECE_BYTES, WeightStream } from './weightStream.ts';

/** Received between two moments from which the import goes on after a loss of power. */
export const COMMIT_BYTES = 64 << 20;

export interface RemoteShard extends Pick<Shard, 'promised'> {
  readonly file: RemoteFile;
}

export interface ArrivingWeights {
  readonly shards: readonly RemoteShard[];
  readonly open: OpenRemoteFile;
  readonly signal: AbortSignal;
  /** Of the weight files together. */
  readonly onProgress: (bytes: number) => void;
  /** Folder for their headers. */
  readonly headers: string;
  readonly journal: Journal;
}

/** What they become. */
export interface ArrivingModel {
  readonly plan: WeightPlan;
  readonly files: DataFiles;
  readonly scratch: ScratchMatrices;
  readonly converter: RowConverter;
  readonly table: TensorTable;
}

/** Converts weight files one after the other as their bytes arrive, and keeps the journal of it. */
export class WeightReceiver {
  readonly #weights: ArrivingWeights;
  readonly #model: ArrivingModel;
  #position: Position;
  /** Bytes when the journal was last written to, and when that was durable. */
  #noted: number;
  #committed: number;
  /** Canonical names of the tensors in files before this one. */
  readonly #before = new Set<string>();
  /** Matrices in the scratch folder that are in place, too. */
  #turned: number[] = [];

  constructor(weights: ArrivingWeights, model: ArrivingModel, position: Position) {
    this.#weights = weights;
    this.#model = model;
    this.#position = position;
    this.#noted = position.bytes;
    this.#committed = position.bytes;
  }

  /**
   * Receives what is missing.
   *
   * @throws GemmaError `untrusted` when a file is not what its digest says, `model-damaged`, `model-unsupported`: that
   * file is begun anew the next time; `network`, `cancelled` and what opening throws: the next time goes on here
   */
  async receiveAll(): Promise<void> {
    const { shards, headers } = this.#weights;
    const { converter, table } = this.#model;
    for (const [number, { file, promised }] of shards.entries()) {
      const header = await WeightHeader.open(headers, number, file);
      const stream = new WeightStream(file, header, converter, (tensors) => {
        const stored = table.add(file.name, tensors, promised);
        if (number === shards.length - 1) table.checkComplete();
        else table.check();
        return stored;
      });
      try {
        if (number < this.#position.file) await this.#ofContent(number, () => stream.skipTo(file.bytes));
        else await this.#receiveFile(number, file, stream);
        for (const { canonical } of await stream.tensors()) this.#before.add(canonical);
      } finally {
        await header.close();
      }
    }
    table.checkComplete();
  }

  async #receiveFile(number: number, file: RemoteFile, stream: WeightStream): Promise<void> {
    const hash = await this.#hashOf(number, file);
    await this.#ofContent(number, () => stream.skipTo(this.#position.offset));
    const { open, signal } = this.#weights;
    let buffer = new Uint8Array(PIECE_BYTES);
    let filled = 0;
    for await (const chunk of receive(file, this.#position.offset, open, signal)) {
      for (let rest = chunk; rest.length > 0;) {
        const wanted = await this.#ofContent(number, () => stream.pieceBytes(this.#position.offset));
        if (wanted > buffer.length) buffer = grown(buffer, wanted);
        const part = rest.subarray(0, wanted - filled);
        buffer.set(part, filled);
        filled += part.length;
        rest = rest.subarray(part.length);
        if (filled < wanted) continue;
        const piece = buffer.subarray(0, wanted);
        await this.#ofContent(number, () => stream.take(this.#position.offset, piece));
        hash.update(piece);
        filled = 0;
        await this.#advance(wanted, hash);
      }
    }
    await this.#ofContent(number, async () => {
      // A file without any data has its header checked here.
      await stream.tensors();
      hash.verify();
    });
    await this.#commit({ file: number + 1, offset: 0, hash: null, bytes: this.#position.bytes });
    await this.#removeScratch(() => true);
  }

  /** Of the bytes before the position. Without a usable state of it the file begins anew. */
  async #hashOf(number: number, file: RemoteFile): Promise<ContentHash> {
    try {
      return await ContentHash.create(file, this.#position.hash);
    } catch {
      this.#position = this.#startOf(number);
      return ContentHash.create(file);
    }
  }

  async #advance(length: number, hash: ContentHash): Promise<void> {
    const { file, offset, bytes } = this.#position;
    const { journal, onProgress } = this.#weights;
    this.#position = { file, offset: offset + length, hash: null, bytes: bytes + length };
    this.#turned.push(...this.#model.converter.takeComplete());
    onProgress(this.#position.bytes);
    if (this.#position.bytes - this.#noted < PIECE_BYTES) return;
    const position = { ...this.#position, hash: hash.save() };
    if (position.bytes - this.#committed < COMMIT_BYTES) {
      await journal.note(position);
      this.#noted = position.bytes;
      return;
    }
    await this.#commit(position);
    // Should this file turn out to be wrong, all of it is asked for again, but nothing of those before it.
    await this.#removeScratch((tensor) => !this.#before.has(tensor));
  }

  async #commit(position: Position): Promise<void> {
    const { files, scratch } = this.#model;
    const { journal } = this.#weights;
    try {
      await files.sync();
      await scratch.sync();
    } catch (error) {
      // What couldn't be flushed may be gone.
      await journal.revert();
      throw error;
    }
    await journal.commit(position);
    this.#position = position;
    this.#noted = position.bytes;
    this.#committed = position.bytes;
  }

  /** Of matrices that are in place for good: those whose tensors can all be spared. */
  async #removeScratch(canSpare: (tensor: string) => boolean): Promise<void> {
    const { plan, scratch, converter } = this.#model;
    const turned = [...this.#turned, ...converter.takeComplete()];
    this.#turned = [];
    for (const index of turned) {
      const recipe = plan.weights[index]?.recipe;
      const isSpare =
        recipe?.kind === 'channels' && recipe.source.tensors.every(({ name }) => canSpare(name));
      if (isSpare) await scratch.remove(index);
      else this.#turned.push(index);
    }
  }

  /** What `work` finds out about the bytes of a file: when they are not what they should be, the file begins anew. */
  async #ofContent<T>(number: number, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const isContent =
        error instanceof GemmaError &&
        ['untrusted', 'model-damaged', 'model-unsupported'].includes(error.code);
      if (isContent) await this.#weights.journal.commit(this.#startOf(number));
      throw error;
    }
  }

  #startOf(number: number): Position {
    const before = this.#weights.shards.slice(0, number);
    const bytes = before.reduce((total, { file }) => total + file.bytes, 0);
    return { file: number, offset: 0, hash: null, bytes };
  }
}

/** A longer buffer that begins with what `buffer` holds. */
function grown(buffer: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  const longer = new Uint8Array(length);
  longer.set(buffer);
  return longer;
}
