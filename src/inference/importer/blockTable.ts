import type { GraphBuilder } from './graphBuilder.ts';
import { BLOCK } from './quantize.ts';
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
    [{ name: `${output}.scales`, type: 'float32', dims: [table.rows, table.columns / BLOCK] }],
  );
  return gatherBlocks(graph, ids, output, bits, output);
}

/** Rows of the table whose `.codes` and `.scales` are in the graph. @returns `output` */
export function gatherBlocks(
  graph: GraphBuilder,
  ids: string,
  table: string,
  bits: 4 | 8,
  output: string,
): string {
  return graph.contrib('GatherBlockQuantized', [`${table}.codes`, ids, `${table}.scales`], output, {
    bits: { int: bits },
    block_size: { int: BLOCK },
    gather_axis: { int: 0 },
    quantize_axis: { int: 1 },
  });
}
