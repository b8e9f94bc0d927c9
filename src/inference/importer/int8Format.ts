import type { GraphBuilder } from './graphBuilder.ts';
import { lookUpBlocks } from './blockTable.ts';
import type { MatrixSource } from './weight.ts';
import type { WeightFormat } from './weightFormat.ts';

/** Head rows per product: keeps every tensor, and the scratch of its product, small in WebAssembly's 4 GB. */
export const HEAD_ROWS = 65_536;

interface Part {
  readonly firstRow: number;
  readonly rows: number;
  readonly name: string;
}

/** int8 with one scale per output channel: what WebAssembly multiplies fast. */
export const int8Format: WeightFormat = {
  columnMultiple: 1,
  linear(graph, input, matrix, output) {
    const part = { firstRow: 0, rows: matrix.rows, name: output };
    addChannels(graph, matrix, part);
    return multiply(graph, input, part, output);
  },
  embed(graph, ids, table) {
    const parts = headParts(table);
    for (const part of parts) addChannels(graph, table, part);
    return parts.slice(1).reduce(
      (before, part) => {
        const isHere = graph.op(
          'GreaterOrEqual',
          [ids, graph.int64(`${part.name}.first`, [part.firstRow])],
          `${part.name}.here`,
        );
        const axis = graph.int64('axis.last', [2]);
        const mask = graph.op('Unsqueeze', [isHere, axis], `${part.name}.mask`);
        return graph.op('Where', [mask, gather(graph, ids, part), before], `${part.name}.upTo`);
      },
      gather(graph, ids, parts[0]!),
    );
  },
  lookUp: (graph, ids, table, output) => lookUpBlocks(graph, ids, table, 8, output),
  head(graph, input, table, output) {
    const parts = headParts(table);
    const [only] = parts;
    if (parts.length === 1) return multiply(graph, input, only!, output);
    const products = parts.map((part) => multiply(graph, input, part, `${part.name}.logits`));
    return graph.op('Concat', products, output, { axis: { int: -1 } });
  },
};

function headParts(table: MatrixSource): Part[] {
  return Array.from({ length: Math.ceil(table.rows / HEAD_ROWS) }, (_, index) => {
    const firstRow = index * HEAD_ROWS;
    return { firstRow, rows: Math.min(HEAD_ROWS, table.rows - firstRow), name: `embedding.${index}` };
  });
}

function addChannels(graph: GraphBuilder, source: MatrixSource, { firstRow, rows, name }: Part): void {
  graph.weight(
    { kind: 'channels', source, firstRow, rows },
    [{ name: `${name}.codes`, type: 'int8', dims: [source.columns, rows] }],
    [{ name: `${name}.scales`, type: 'float32', dims: [rows] }],
    [{ name: `${name}.zeros`, type: 'int8', dims: [rows] }],
  );
}

function multiply(graph: GraphBuilder, input: string, { name }: Part, output: string): string {
  const inputs = [input, `${name}.codes`, `${name}.scales`, `${name}.zeros`];
  return graph.contrib('DynamicQuantizeMatMul', inputs, output, {});
}

/** Columns of `part` for `ids` → [1, S, hidden]; ids outside the part give some column of it. */
function gather(graph: GraphBuilder, ids: string, { firstRow, rows, name }: Part): string {
  const first = graph.int64(`${name}.first`, [firstRow]);
  const zero = graph.int64('zero', [0]);
  const shifted = graph.op('Sub', [ids, first], `${name}.shifted`);
  const atLeast = graph.op('Max', [shifted, zero], `${name}.atLeast`);
  const local = graph.op('Min', [atLeast, graph.int64(`${name}.last`, [rows - 1])], `${name}.local`);
  const codes = graph.op('Gather', [`${name}.codes`, local], `${name}.gathered`, { axis: { int: 1 } });
  const values = graph.op('Cast', [codes], `${name}.values`, { to: { int: 1 } });
  const rowsFirst = graph.op('Transpose', [values], `${name}.rows`, { perm: { ints: [1, 2, 0] } });
  const scales = graph.op('Gather', [`${name}.scales`, local], `${name}.rowScales`, { axis: { int: 0 } });
  const column = graph.op('Unsqueeze', [scales, graph.int64('axis.last', [2])], `${name}.columnScales`);
  return graph.op('Mul', [rowsFirst, column], `${name}.embedded`);
}
