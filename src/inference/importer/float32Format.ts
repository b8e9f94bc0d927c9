import type { GraphBuilder } from './graphBuilder.ts';
import type { MatrixSource } from './weight.ts';
import type { WeightFormat } from './weightFormat.ts';

const EMBEDDING = 'embedding';

/** Full precision: rows as they are in the checkpoint, transposed by the operator. */
export const float32Format: WeightFormat = {
  columnMultiple: 1,
  linear(graph, input, matrix, output) {
    const name = `${output}.weight`;
    addRows(graph, matrix, name);
    return multiply(graph, input, name, output);
  },
  embed(graph, ids, table) {
    addRows(graph, table, EMBEDDING);
    return graph.op('Gather', [EMBEDDING, ids], 'embedded', { axis: { int: 0 } });
  },
  lookUp(graph, ids, table, output) {
    const name = `${output}.table`;
    addRows(graph, table, name);
    return graph.op('Gather', [name, ids], output, { axis: { int: 0 } });
  },
  head(graph, input, _table, output) {
    return multiply(graph, input, EMBEDDING, output);
  },
};

function addRows(graph: GraphBuilder, source: MatrixSource, name: string): void {
  graph.weight({ kind: 'float32', source }, [{ name, type: 'float32', dims: [source.rows, source.columns] }]);
}

function multiply(graph: GraphBuilder, input: string, weight: string, output: string): string {
  return graph.contrib('FusedMatMul', [input, weight], output, { transB: { int: 1 } });
}
