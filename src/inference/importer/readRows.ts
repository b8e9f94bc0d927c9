import type { MatrixSource } from './weight.ts';

/** Fills `out` with values of a tensor from value `first` on. */
export type ReadValues = (tensor: string, first: number, out: Float32Array) => Promise<void>;

/** Values read at a time: 4 MB as float32. */
const CHUNK_VALUES = 1_048_576;

export interface RowChunk {
  /** Whole rows; valid until the next chunk. */
  readonly values: Float32Array;
  /** Number of the first one. */
  readonly row: number;
}

/** Rows `first` … `first + count − 1` of a stack of tensors, in chunks of whole rows. */
export async function* readRows(
  { tensors, columns }: MatrixSource,
  first: number,
  count: number,
  read: ReadValues,
): AsyncGenerator<RowChunk> {
  const chunkRows = Math.max(1, Math.floor(CHUNK_VALUES / columns));
  const buffer = new Float32Array(Math.min(chunkRows, count) * columns);
  let top = 0;
  for (const { name, rows } of tensors) {
    const end = Math.min(top + rows, first + count);
    for (let row = Math.max(top, first); row < end; row += chunkRows) {
      const values = buffer.subarray(0, Math.min(chunkRows, end - row) * columns);
      await read(name, (row - top) * columns, values);
      yield { values, row };
    }
    top += rows;
  }
}
