import type { GraphBuilder } from './graphBuilder.ts';
import { tensorBytes } from './weight.ts';

/** Operators that multiply with a whole matrix; others pick rows of a table. */
const products: ReadonlySet<string> = new Set(['MatMulNBits', 'DynamicQuantizeMatMul', 'FusedMatMul']);

/** Bytes of weights that the graph reads for each token that is written. */
export function weightsRead({ nodes, weights }: GraphBuilder): number {
  const views = weights.flatMap(({ runs }) => runs.flat());
  const bytes = new Map(views.map((view) => [view.name, tensorBytes(view)]));
  return nodes
    .filter(({ type }) => products.has(type))
    .flatMap(({ inputs }) => inputs)
    .reduce((sum, input) => sum + (bytes.get(input) ?? 0), 0);
}
