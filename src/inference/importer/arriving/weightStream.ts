import { floatBytes } from '../floats.ts';
import type { RowConverter } from '../rowConverter.ts';
import type { RemoteFile } from '../remoteFile.ts';
import type { TensorInfo } from '../safetensors.ts';
import { type StoredTensor, tensorValues } from '../tensorTable.ts';
import type { WeightHeader } from './weightHeader.ts';

/** Taken at a time, but for rows that are longer. */
export const PIECE_BYTES = 1 << 18;

/**
 * Of the tensors that a header names, those of the text model in the order of their bytes.
 *
 * @throws GemmaError `model-damaged`, `model-unsupported` unless they belong to the architecture
 */
export type TensorCheck = (tensors: readonly TensorInfo[]) => readonly StoredTensor[];

/** A run of bytes of a weight file that become something in units, of which none is taken in part. */
interface Stretch {
  readonly end: number;
  readonly unit: number;
  take(from: number, bytes: Uint8Array): Promise<void>;
}

/** Turns the bytes of one weight file, in order, into rows of weights. */
export class WeightStream {
  readonly #file: RemoteFile;
  readonly #header: WeightHeader;
  readonly #converter: RowConverter;
  readonly #check: TensorCheck;
  #tensors: readonly StoredTensor[] | null = null;
  #stretch: Stretch | null = null;
  /** Those of the piece that is being taken. */
  #values = new Float32Array(0);

  constructor(file: RemoteFile, header: WeightHeader, converter: RowConverter, check: TensorCheck) {
    this.#file = file;
    this.#header = header;
    this.#converter = converter;
    this.#check = check;
  }

  /** Its bytes up to `at` were taken before. @throws GemmaError as {@link TensorCheck} */
  async skipTo(at: number): Promise<void> {
    if ((await this.#header.endOfPart(at)) !== null) return;
    for (const { canonical, offset, bytes, rowValues, dtype } of await this.tensors()) {
      const before = Math.max(0, Math.min(at - offset, bytes));
      this.#converter.skip(canonical, before / (rowValues * floatBytes[dtype]));
    }
  }

  /** So many bytes from byte `at` on must be taken together; `at` is where the last ones ended. */
  async pieceBytes(at: number): Promise<number> {
    if (this.#stretch === null || this.#stretch.end <= at) this.#stretch = await this.#stretchAt(at);
    const { end, unit } = this.#stretch;
    return Math.min(end - at, Math.max(unit, PIECE_BYTES - (PIECE_BYTES % unit)));
  }

  /** Takes a piece. @throws GemmaError `model-damaged` when a value is not finite */
  async take(at: number, piece: Uint8Array): Promise<void> {
    await this.#stretch?.take(at, piece);
  }

  /** As {@link TensorCheck}, when the header is complete. */
  async tensors(): Promise<readonly StoredTensor[]> {
    this.#tensors ??= this.#check(await this.#header.tensors());
    return this.#tensors;
  }

  async #stretchAt(at: number): Promise<Stretch> {
    const headerEnd = await this.#header.endOfPart(at);
    if (headerEnd !== null) {
      return { end: headerEnd, unit: 1, take: (from, bytes) => this.#header.write(from, bytes) };
    }
    const next = (await this.tensors()).find(({ offset, bytes }) => offset + bytes > at);
    if (next !== undefined && next.offset <= at) return this.#rowsOf(next);
    // Of other parts than the text model.
    return { end: next?.offset ?? this.#file.bytes, unit: 1, take: async () => undefined };
  }

  #rowsOf(tensor: StoredTensor): Stretch {
    const { canonical, offset, bytes, rowValues, dtype } = tensor;
    const unit = rowValues * floatBytes[dtype];
    return {
      end: offset + bytes,
      unit,
      take: async (from, piece) => {
        const count = piece.length / floatBytes[dtype];
        if (this.#values.length < count) this.#values = new Float32Array(count);
        const values = this.#values.subarray(0, count);
        tensorValues(tensor, piece, values);
        await this.#converter.convert({ tensor: canonical, first: (from - offset) / unit, values });
      },
    };
  }
}
