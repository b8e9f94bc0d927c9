import { buildGraph } from '../../src/inference/importer/graph.ts';
import { checkpointTensors } from '../../src/inference/importer/checkpointTensors.ts';
import type { ElementType } from '../../src/inference/importer/onnxWriter.ts';
import type { TensorView } from '../../src/inference/importer/weight.ts';
import { lastKvLayer } from '../../src/inference/model/architecture.ts';
import { kvBytes } from '../../src/inference/model/graphInterface.ts';
import { readArchitecture } from '../../src/inference/model/readArchitecture.ts';
import type { Quantization } from '../../src/protocol/models.ts';

const elementBytes: Partial<Record<ElementType, number>> = { float32: 4, int64: 8, int8: 1, uint8: 1 };
const products = new Set(['MatMulNBits', 'DynamicQuantizeMatMul', 'FusedMatMul']);

/** Values of the text model that are imported, and of all its tensors in the checkpoint, the unused ones included. */
export function parameterCounts(config: unknown): { readonly imported: number; readonly stored: number } {
  const architecture = readArchitecture(config);
  const imported = [...checkpointTensors(architecture).values()].reduce(
    (sum, shape) => sum + product(shape),
    0,
  );
  const spare = architecture.attention
    .filter(({ kvFrom }) => kvFrom !== null)
    .reduce(
      (sum, { kvHeads, headDim }) => sum + 2 * kvHeads * headDim * architecture.hiddenSize + headDim,
      0,
    );
  return { imported, stored: imported + spare };
}

/** What the importer writes for `config`, and how much of it a token needs. */
export function importPlan(config: unknown, quantization: Quantization) {
  const architecture = readArchitecture(config);
  const { weights, nodes } = buildGraph(architecture, quantization);
  const bytesOf = new Map<string, number>();
  let bytes = 0;
  for (const { runs } of weights) {
    for (const views of runs) {
      bytes += viewBytes(views[0]);
      for (const view of views) bytesOf.set(view.name, viewBytes(view));
    }
  }
  const multiplied = nodes.filter(({ type }) => products.has(type));
  const decodeBytes = multiplied
    .flatMap(({ inputs }) => inputs)
    .reduce((sum, name) => sum + (bytesOf.get(name) ?? 0), 0);
  return { bytes, decodeBytes };
}

/** Weights that every token of a prompt is multiplied with: not the head, nor what only the last token needs. */
export function promptWeights(config: unknown): number {
  const architecture = readArchitecture(config);
  const last = lastKvLayer(architecture);
  let sum = 0;
  for (const [name, shape] of checkpointTensors(architecture)) {
    if (shape.length !== 2 || name.startsWith('embed_tokens')) continue;
    const layer = Number(/^layers\.(\d+)\./u.exec(name)?.[1] ?? -1);
    if (layer > last || (layer === last && !/self_attn\.[qkv]_proj/u.test(name))) continue;
    sum += product(shape);
  }
  return sum;
}

/** Float32 keys and values of one position. */
export function kvBytesPerToken(config: unknown): number {
  return kvBytes(readArchitecture(config), 1);
}

function product(shape: readonly number[]): number {
  return shape.reduce((result, dim) => result * dim, 1);
}

function viewBytes(view: TensorView | undefined): number {
  if (view === undefined) return 0;
  return product(view.dims) * (elementBytes[view.type] ?? NaN);
}
