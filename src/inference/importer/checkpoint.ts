import { open, type FileHandle } from 'node:fs/promises';
import { GemmaError } from '../../protocol/errors.ts';
import type { Architecture } from '../model/architecture.ts';
import type { CheckpointFolder } from './checkpointFolder.ts';
import { checkpointTensors, spareTensors } from './checkpointTensors.ts';
import { floatBytes, type FloatType, floatTypes, toFloat32 } from './floats.ts';
import { readSafetensorsHeader, type TensorInfo } from './safetensors.ts';
import { listWeightFiles, type WeightFile } from './weightFiles.ts';

interface StoredTensor extends TensorInfo {
  readonly dtype: FloatType;
  readonly file: OpenFile;
}

interface OpenFile {
  readonly name: string;
  readonly handle: FileHandle;
}

/** Text-model prefixes, longest first: Gemma 3 from 4B on and Gemma 4 keep the text model inside a larger one. */
const prefixes = ['model.language_model.', 'language_model.model.', 'model.'];
/** Parts of a checkpoint that a text model with a tied head has no use for. */
const skipped =
  /^(?:language_model\.)?lm_head\.weight$|^(?:model\.)?(?:vision_tower|multi_modal_projector|audio_tower|embed_vision|embed_audio|vision_embedder)\.|\.rotary_emb\.inv_freq$/;

/** The tensors of a checkpoint, checked against its architecture and read row by row as float32. */
export class Checkpoint {
  readonly #files: readonly OpenFile[];
  readonly #tensors: ReadonlyMap<string, StoredTensor>;

  private constructor(files: readonly OpenFile[], tensors: ReadonlyMap<string, StoredTensor>) {
    this.#files = files;
    this.#tensors = tensors;
  }

  /** @throws GemmaError `model-damaged`, naming the tensor or file that is wrong; `model-unsupported` */
  static async open(folder: CheckpointFolder, architecture: Architecture): Promise<Checkpoint> {
    const files: OpenFile[] = [];
    try {
      const tensors = new Map<string, StoredTensor>();
      const spare = spareTensors(architecture);
      for (const file of await listWeightFiles(folder)) {
        const opened = { name: file.name, handle: await open(file.path) };
        files.push(opened);
        for (const tensor of await readTensors(file, opened.handle))
          addTensor(tensors, tensor, opened, spare);
      }
      checkTensors(tensors, checkpointTensors(architecture));
      return new Checkpoint(files, tensors);
    } catch (error) {
      for (const { handle } of files) await handle.close();
      throw error;
    }
  }

  /** Values in the tensors; what people call parameters. */
  get parameters(): number {
    return [...this.#tensors.values()].reduce(
      (total, { shape }) => total + shape.reduce((product, dim) => product * dim, 1),
      0,
    );
  }

  /**
   * `out.length` values of tensor `name` (canonical) from value `first` on.
   *
   * @throws GemmaError `model-damaged` when the file ends early or a value is not finite
   */
  async read(name: string, first: number, out: Float32Array): Promise<void> {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) throw new TypeError(`No tensor ${name}.`);
    const size = floatBytes[tensor.dtype];
    const bytes = new Uint8Array(out.length * size);
    const count = await readFully(tensor.file.handle, bytes, tensor.offset + first * size);
    if (count < bytes.length) {
      throw new GemmaError('model-damaged', `${tensor.file.name} ends inside tensor ${tensor.name}.`);
    }
    if (!toFloat32(bytes, tensor.dtype, out)) {
      throw new GemmaError(
        'model-damaged',
        `Tensor ${tensor.name} in ${tensor.file.name} holds values that are not finite numbers.`,
      );
    }
  }

  async close(): Promise<void> {
    for (const { handle } of this.#files) await handle.close();
  }
}

async function readTensors(file: WeightFile, handle: FileHandle): Promise<TensorInfo[]> {
  const { size } = await handle.stat();
  const tensors = await readSafetensorsHeader(file.name, size, async (offset, length) => {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, await readFully(handle, bytes, offset));
  });
  const present = new Set(tensors.map(({ name }) => name));
  const absent = file.promised?.find((name) => !present.has(name));
  if (absent !== undefined) {
    throw new GemmaError(
      'model-damaged',
      `${file.name} lacks tensor ${absent}, which the index says is in it.`,
    );
  }
  return tensors;
}

async function readFully(handle: FileHandle, bytes: Uint8Array, offset: number): Promise<number> {
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

function addTensor(
  tensors: Map<string, StoredTensor>,
  tensor: TensorInfo,
  file: OpenFile,
  spare: ReadonlySet<string>,
): void {
  const prefix = prefixes.find((start) => tensor.name.startsWith(start)) ?? '';
  const name = tensor.name.slice(prefix.length);
  if (skipped.test(tensor.name) || spare.has(name)) return;
  const dtype = floatTypes.find((type) => type === tensor.dtype);
  if (dtype === undefined) {
    throw new GemmaError(
      'model-unsupported',
      `Tensor ${tensor.name} is stored as ${tensor.dtype}; only ${floatTypes.join(', ')} can be imported.`,
    );
  }
  if (tensors.has(name)) {
    throw new GemmaError('model-damaged', `Tensor ${tensor.name} is stored twice (again in ${file.name}).`);
  }
  tensors.set(name, { ...tensor, dtype, file });
}

function checkTensors(
  stored: ReadonlyMap<string, StoredTensor>,
  expected: ReadonlyMap<string, readonly number[]>,
): void {
  for (const [name, shape] of expected) {
    const tensor = stored.get(name);
    if (tensor === undefined) {
      throw new GemmaError(
        'model-damaged',
        `Tensor ${name} of shape [${shape.join(', ')}] is missing in the checkpoint.`,
      );
    }
    if (tensor.shape.join() !== shape.join()) {
      throw new GemmaError(
        'model-damaged',
        `Tensor ${tensor.name} has the shape [${tensor.shape.join(', ')}]; config.json asks for [${shape.join(', ')}].`,
      );
    }
  }
  for (const [name, tensor] of stored) {
    if (!expected.has(name)) {
      throw new GemmaError(
        'model-damaged',
        `Tensor ${tensor.name} does not belong to the architecture that config.json describes.`,
      );
    }
  }
}
