import type { GraphBuilder } from './graphBuilder.ts';
import { blockSize } from './quantize.ts';
import type { MatrixSource } from './weight.ts';

/** Rows of a table of its own in blocks of `bits`. @returns `output` */
export function lookUpBlocks(
  graph: GraphBuilder,
  ids: string,
  table: MatrixSource,
  bits: 4 | 8,
  output: string,
): string {
  graph.weight(
    { kind: 'blocks', bits, source: table },
    [{ name: `${output}.codes`, type: 'uint8', dims: [table.rows, (table.columns * bits) / 8] }],
    [
      {
        name: `${output}.scales`,
        type: 'float32',
        dims: [table.rows, table.columns / blockSize(table.columns)],
      },
    ],
  );
  return gatherBlocks(graph, ids, output, table.columns, bits, output);
}

/** Rows of the table whose `.codes` and `.scales` are in the graph. @returns `output` */
export function gatherBlocks(
  graph: GraphBuilder,
  ids: string,
  table: string,
  columns: number,
  bits: 4 | 8,
  output: string,
): string {
  return graph.contrib('GatherBlockQuantized', [`${table}.codes`, ids, `${table}.scales`], output, {
    bits: { int: bits },
    block_size: { int: blockSize(columns) },
    gather_axis: { int: 0 },
    quantize_axis: { int: 1 },
  });
}
