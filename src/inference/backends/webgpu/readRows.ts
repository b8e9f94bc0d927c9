import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { GraphBuilder } from '../../importer/graphBuilder.ts';
import { writeOnnx } from '../../importer/onnxWriter.ts';
import type { ReadRows } from './chainedKv.ts';

/**
 * Reads tensors on the GPU by a graph that returns the first rows of its input: `Tensor.getData` ends the process in
 * the native library.
 */
export function createReadRows(session: InferenceSession, TensorClass: typeof Tensor): ReadRows {
  return async (cache, length) => {
    const end = new TensorClass('int64', BigInt64Array.of(BigInt(length)), [1]);
    const { rows } = await session.run({ cache, end });
    if (!(rows?.data instanceof Float32Array)) throw new TypeError('The rows are not float32.');
    return rows.data;
  };
}

/** cache float32 [C, kvHeads, headDim], end int64 [1] → rows, the first `end` rows of the cache */
export function readRowsGraph(): Uint8Array {
  const graph = new GraphBuilder();
  graph.inputs.push(
    { name: 'cache', type: 'float32', dims: ['positions', 'heads', 'size'] },
    { name: 'end', type: 'int64', dims: [1] },
  );
  graph.outputs.push({ name: 'rows', type: 'float32', dims: ['length', 'heads', 'size'] });
  graph.op('Slice', ['cache', graph.int64('start', [0]), 'end', graph.int64('axis', [0])], 'rows');
  const { nodes, inputs, outputs, constants: initializers } = graph;
  return writeOnnx({ name: 'rows', nodes, inputs, outputs, initializers });
}
