import { checkpointTensors } from '../../src/inference/importer/checkpointTensors.ts';
import { buildGraph } from '../../src/inference/importer/graph.ts';
import { tensorBytes } from '../../src/inference/importer/weight.ts';
import { weightsRead } from '../../src/inference/importer/weightsRead.ts';
import { lastKvLayer } from '../../src/inference/model/architecture.ts';
import { readArchitecture } from '../../src/inference/model/readArchitecture.ts';
import type { Quantization } from '../../src/protocol/models.ts';

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

/** What the importer writes for `config`, and how much of it a token reads. */
export function importPlan(config: unknown, quantization: Quantization) {
  const graph = buildGraph(readArchitecture(config), quantization);
  let bytes = 0;
  for (const [view] of graph.weights.flatMap(({ runs }) => runs)) {
    if (view !== undefined) bytes += tensorBytes(view);
  }
  return { bytes, decodeBytes: weightsRead(graph) };
}

/** Counted tensor by tensor: matrices of the layers that a prompt runs through. */
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

function product(shape: readonly number[]): number {
  return shape.reduce((result, dim) => result * dim, 1);
}
