import { GemmaError } from '../../protocol/errors.ts';
import type { Architecture } from '../model/architecture.ts';
import { checkpointTensors, spareTensors } from './checkpointTensors.ts';
import { type FloatType, floatTypes, toFloat32 } from './floats.ts';
import type { TensorInfo } from './safetensors.ts';

/** A tensor that the text model consists of. */
export interface StoredTensor extends TensorInfo {
  /** Its name without the prefix of the text model. */
  readonly canonical: string;
  readonly dtype: FloatType;
  /** Values that belong to one output: a matrix's columns, 1 in a vector. */
  readonly rowValues: number;
  /** Name of the file that it is in. */
  readonly file: string;
}

/** Text-model prefixes, longest first: Gemma 3 from 4B on and Gemma 4 keep the text model inside a larger one. */
const prefixes = ['model.language_model.', 'language_model.model.', 'model.'];
/** Parts of a checkpoint that a text model with a tied head has no use for. */
const skipped =
  /^(?:language_model\.)?lm_head\.weight$|^(?:model\.)?(?:vision_tower|multi_modal_projector|audio_tower|embed_vision|embed_audio|vision_embedder)\.|\.rotary_emb\.inv_freq$/;

/** The tensors of a checkpoint as its files tell of them, checked against its architecture. */
export class TensorTable {
  readonly #tensors = new Map<string, StoredTensor>();
  readonly #expected: ReadonlyMap<string, readonly number[]>;
  readonly #spare: ReadonlySet<string>;

  constructor(architecture: Architecture) {
    this.#expected = checkpointTensors(architecture);
    this.#spare = spareTensors(architecture);
  }

  /** Values in the tensors; what people call parameters. */
  get parameters(): number {
    return [...this.#tensors.values()].reduce(
      (total, { shape }) => total + shape.reduce((product, dim) => product * dim, 1),
      0,
    );
  }

  /**
   * Adds what a file has.
   *
   * @param promised tensors that the index says are in it; null: no index
   * @returns those of the text model, in the order of their bytes
   * @throws GemmaError `model-damaged`, `model-unsupported`
   */
  add(
    file: string,
    tensors: readonly TensorInfo[],
    promised: readonly string[] | null,
  ): readonly StoredTensor[] {
    const present = new Set(tensors.map(({ name }) => name));
    const absent = promised?.find((name) => !present.has(name));
    if (absent !== undefined) {
      throw new GemmaError('model-damaged', `${file} lacks tensor ${absent}, which the index says is in it.`);
    }
    const added: StoredTensor[] = [];
    for (const tensor of tensors) {
      const stored = this.#stored(file, tensor);
      if (stored === null) continue;
      if (this.#tensors.has(stored.canonical)) {
        throw new GemmaError('model-damaged', `Tensor ${tensor.name} is stored twice (again in ${file}).`);
      }
      this.#tensors.set(stored.canonical, stored);
      added.push(stored);
    }
    return added.sort((a, b) => a.offset - b.offset);
  }

  /** Compares the tensors so far with those of the architecture. @throws GemmaError `model-damaged` */
  check(): void {
    for (const [name, shape] of this.#expected) {
      const tensor = this.#tensors.get(name);
      if (tensor === undefined || tensor.shape.join() === shape.join()) continue;
      throw new GemmaError(
        'model-damaged',
        `Tensor ${tensor.name} has the shape [${tensor.shape.join(', ')}]; config.json asks for [${shape.join(', ')}].`,
      );
    }
    for (const [name, tensor] of this.#tensors) {
      if (this.#expected.has(name)) continue;
      throw new GemmaError(
        'model-damaged',
        `Tensor ${tensor.name} does not belong to the architecture that config.json describes.`,
      );
    }
  }

  /** After the last file: that none is missing, and as `check`. @throws GemmaError `model-damaged` */
  checkComplete(): void {
    for (const [name, shape] of this.#expected) {
      if (this.#tensors.has(name)) continue;
      throw new GemmaError(
        'model-damaged',
        `Tensor ${name} of shape [${shape.join(', ')}] is missing in the checkpoint.`,
      );
    }
    this.check();
  }

  /** Null: of another part than the text model, or spare. */
  #stored(file: string, tensor: TensorInfo): StoredTensor | null {
    const prefix = prefixes.find((start) => tensor.name.startsWith(start)) ?? '';
    const canonical = tensor.name.slice(prefix.length);
    if (skipped.test(tensor.name) || this.#spare.has(canonical)) return null;
    const dtype = floatTypes.find((type) => type === tensor.dtype);
    if (dtype === undefined) {
      throw new GemmaError(
        'model-unsupported',
        `Tensor ${tensor.name} is stored as ${tensor.dtype}; only ${floatTypes.join(', ')} can be imported.`,
      );
    }
    const rowValues = tensor.shape.slice(1).reduce((product, dim) => product * dim, 1);
    return { ...tensor, canonical, dtype, rowValues, file };
  }
}

/** @throws GemmaError `model-damaged` when a value is not finite */
export function tensorValues(tensor: StoredTensor, bytes: Uint8Array, out: Float32Array): void {
  if (toFloat32(bytes, tensor.dtype, out)) return;
  throw new GemmaError(
    'model-damaged',
    `Tensor ${tensor.name} in ${tensor.file} holds values that are not finite numbers.`,
  );
}
