import { open, type FileHandle } from 'node:fs/promises';
import { GemmaError } from '../../protocol/errors.ts';
import type { Architecture } from '../model/architecture.ts';
import type { CheckpointFolder } from './checkpointFolder.ts';
import type { TensorRows } from './rowConverter.ts';
import { floatBytes } from './floats.ts';
import { readFully } from './positionedFile.ts';
import { readSafetensorsHeader, type TensorInfo } from './safetensors.ts';
import { type StoredTensor, TensorTable, tensorValues } from './tensorTable.ts';
import { listWeightFiles } from './weightFiles.ts';

/** Values read at a time: 4 MB as float32. */
const CHUNK_VALUES = 1_048_576;

interface OpenFile {
  readonly handle: FileHandle;
  /** In the order of their bytes. */
  readonly tensors: readonly StoredTensor[];
}

interface Chunk {
  readonly file: OpenFile;
  readonly tensor: StoredTensor;
  readonly first: number;
  readonly rows: number;
}

/** The tensors of a checkpoint on disk, checked against its architecture. */
export class Checkpoint {
  readonly #files: readonly OpenFile[];
  readonly parameters: number;

  private constructor(files: readonly OpenFile[], parameters: number) {
    this.#files = files;
    this.parameters = parameters;
  }

  /** @throws GemmaError `model-damaged`, naming the tensor or file that is wrong; `model-unsupported` */
  static async open(folder: CheckpointFolder, architecture: Architecture): Promise<Checkpoint> {
    const handles: FileHandle[] = [];
    try {
      const table = new TensorTable(architecture);
      const files: OpenFile[] = [];
      for (const { name, path, promised } of await listWeightFiles(folder)) {
        const handle = await open(path);
        handles.push(handle);
        files.push({ handle, tensors: table.add(name, await readTensors(name, handle), promised) });
      }
      table.checkComplete();
      return new Checkpoint(files, table.parameters);
    } catch (error) {
      for (const handle of handles) await handle.close();
      throw error;
    }
  }

  /**
   * All rows of all tensors in the order of their bytes, some at a time; valid until the next are asked for.
   *
   * @throws GemmaError `model-damaged` when a file ends early or a value is not finite
   */
  async *rows(): AsyncGenerator<TensorRows> {
    const out = new Float32Array(CHUNK_VALUES);
    // The next bytes are read while those before are converted.
    let ahead: Promise<Uint8Array> | null = null;
    const chunks = [...this.#chunks()];
    try {
      for (const [index, { tensor, first, rows }] of chunks.entries()) {
        const bytes: Uint8Array = await (ahead ?? readChunk(chunks[index]!));
        const next = chunks[index + 1];
        ahead = next === undefined ? null : readChunk(next);
        // Who stops here must not meet an error of what was read in vain.
        ahead?.catch(() => undefined);
        const values = valuesOf(out, rows * tensor.rowValues);
        tensorValues(tensor, bytes, values);
        yield { tensor: tensor.canonical, first, values };
      }
    } finally {
      await ahead?.catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    for (const { handle } of this.#files) await handle.close();
  }

  *#chunks(): Generator<Chunk> {
    for (const file of this.#files) {
      for (const tensor of file.tensors) {
        const total = tensor.bytes / floatBytes[tensor.dtype] / tensor.rowValues;
        const step = Math.max(1, Math.floor(CHUNK_VALUES / tensor.rowValues));
        for (let first = 0; first < total; first += step) {
          yield { file, tensor, first, rows: Math.min(step, total - first) };
        }
      }
    }
  }
}

async function readTensors(name: string, handle: FileHandle): Promise<TensorInfo[]> {
  const { size } = await handle.stat();
  return readSafetensorsHeader(name, size, async (offset, length) => {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, await readFully(handle, bytes, offset));
  });
}

async function readChunk({ file, tensor, first, rows }: Chunk): Promise<Uint8Array> {
  const rowBytes = tensor.rowValues * floatBytes[tensor.dtype];
  const bytes = new Uint8Array(rows * rowBytes);
  const count = await readFully(file.handle, bytes, tensor.offset + first * rowBytes);
  if (count === bytes.length) return bytes;
  throw new GemmaError('model-damaged', `${tensor.file} ends inside tensor ${tensor.name}.`);
}

/** Room for `count` values: of `buffer` as long as they fit. */
function valuesOf(buffer: Float32Array, count: number): Float32Array {
  return count <= buffer.length ? buffer.subarray(0, count) : new Float32Array(count);
}
