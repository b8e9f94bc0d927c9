import type { Architecture } from '../model/architecture.ts';
import type { Generation } from '../model/family.ts';
import type { GraphBuilder } from './graphBuilder.ts';
import type { WeightFormat } from './weightFormat.ts';

/** What every part of the graph needs to add itself. */
export interface Build {
  readonly graph: GraphBuilder;
  readonly architecture: Architecture;
  readonly generation: Generation;
  readonly format: WeightFormat;
}

/** RMSNorm over the last axis, in float32. @returns `output` */
export function addNorm(
  { graph, architecture, generation }: Build,
  input: string,
  tensor: string,
  size: number,
  output: string,
): string {
  const name = `${tensor}.folded`;
  graph.weight({ kind: 'norm', tensor, size, plusOne: generation.normPlusOne }, [
    { name, type: 'float32', dims: [size] },
  ]);
  return graph.op('SimplifiedLayerNormalization', [input, name], output, {
    axis: { int: -1 },
    epsilon: { float: architecture.rmsNormEpsilon },
    stash_type: { int: 1 },
  });
}

/** The last `logits_rows` positions of `value` [1, S, n]. */
export function lastRows({ graph }: Build, value: string): string {
  const end = graph.int64('rows.end', [Number.MAX_SAFE_INTEGER]);
  const axis = graph.int64('rows.axis', [1]);
  return graph.op('Slice', [value, 'rows.start', end, axis], `${value}.rows`);
}
