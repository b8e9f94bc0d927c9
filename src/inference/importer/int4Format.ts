import type { GraphBuilder } from './graphBuilder.ts';
import { gatherBlocks, lookUpBlocks } from './blockTable.ts';
import { blockSize, SMALLEST_BLOCK } from './quantize.ts';
import type { MatrixSource } from './weight.ts';
import type { WeightFormat } from './weightFormat.ts';

/** Activations are quantized to int8 for the product: twice as fast natively, 0.5 % RMS noise. */
const INT8_ACTIVATIONS = 4;

/** 4-bit blocks for the body, 8-bit blocks for embedding and head: for the native backend. */
export const int4Format: WeightFormat = {
  columnMultiple: SMALLEST_BLOCK,
  linear(graph, input, matrix, output) {
    const codes = `${output}.codes`;
    const scales = `${output}.scales`;
    const block = blockSize(matrix.columns);
    const blocks = matrix.columns / block;
    graph.weight(
      { kind: 'blocks', bits: 4, source: matrix },
      [{ name: codes, type: 'uint8', dims: [matrix.rows, blocks, block / 2] }],
      [{ name: scales, type: 'float32', dims: [matrix.rows, blocks] }],
    );
    return multiply(graph, [input, codes, scales], matrix, 4, output);
  },
  embed(graph, ids, table) {
    const block = blockSize(table.columns);
    const blocks = table.columns / block;
    // The same bytes in the two shapes that the two operators ask for.
    graph.weight(
      { kind: 'blocks', bits: 8, source: table },
      [
        { name: 'embedding.codes', type: 'uint8', dims: [table.rows, table.columns] },
        { name: 'head.codes', type: 'uint8', dims: [table.rows, blocks, block] },
      ],
      [{ name: 'embedding.scales', type: 'float32', dims: [table.rows, blocks] }],
    );
    return gatherBlocks(graph, ids, 'embedding', table.columns, 8, 'embedded');
  },
  lookUp: (graph, ids, table, output) => lookUpBlocks(graph, ids, table, 4, output),
  head(graph, input, table, output) {
    return multiply(graph, [input, 'head.codes', 'embedding.scales'], table, 8, output);
  },
};

/** No zero points: the operator's defaults, 8 and 128, are the codes of zero. */
function multiply(
  graph: GraphBuilder,
  inputs: readonly string[],
  matrix: MatrixSource,
  bits: 4 | 8,
  output: string,
): string {
  return graph.contrib('MatMulNBits', inputs, output, {
    K: { int: matrix.columns },
    N: { int: matrix.rows },
    bits: { int: bits },
    block_size: { int: blockSize(matrix.columns) },
    accuracy_level: { int: INT8_ACTIVATIONS },
  });
}
