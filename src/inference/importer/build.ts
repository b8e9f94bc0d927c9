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
export function addNorm(build: Build, input: string, tensor: string, size: number, output: string): string {
  const name = `${tensor}.folded`;
  const { graph, generation } = build;
  graph.weight({ kind: 'vector', tensor, size, plusOne: generation.normPlusOne }, [
    { name, type: 'float32', dims: [size] },
  ]);
  return normalize(build, input, name, output);
}

/** The same without a weight. */
export function addPlainNorm(build: Build, input: string, size: number, output: string): string {
  const ones = build.graph.floats(`ones.${size}`, new Float32Array(size).fill(1));
  return normalize(build, input, ones, output);
}

function normalize({ graph, architecture }: Build, input: string, weight: string, output: string): string {
  return graph.op('SimplifiedLayerNormalization', [input, weight], output, {
    axis: { int: -1 },
    epsilon: { float: architecture.rmsNormEpsilon },
    stash_type: { int: 1 },
  });
}

/** GELU in its tanh form, which the whole family uses: the exact one differs in the fourth digit. @returns `output` */
export function addGelu(graph: GraphBuilder, input: string, output: string): string {
  return graph.op('Gelu', [input], output, { approximate: { string: 'tanh' } });
}

/** The last `logits_rows` entries of `value` along `axis`, which counts tokens. @returns `output` */
export function lastRows({ graph }: Build, value: string, axis = 1, output = `${value}.rows`): string {
  const end = graph.int64('rows.end', [Number.MAX_SAFE_INTEGER]);
  return graph.op('Slice', [value, 'rows.start', end, graph.int64(`rows.axis.${axis}`, [axis])], output);
}
