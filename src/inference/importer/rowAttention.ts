import { maskName, reachOf, splitName } from '../model/graphInterface.ts';
import type { Build } from './build.ts';

/** Queries, keys and values of the new tokens, [1, S, heads · headDim] each, not yet rotated. */
export interface Projections {
  readonly query: string;
  readonly key: string;
  readonly value: string;
}

interface RotaryTables {
  readonly cos: string;
  readonly sin: string;
}

/**
 * Grouped-query attention over the rows a layer may see, in two parts that share one softmax: over the rows of the past,
 * which are only read, and over those of the new tokens, which are the only ones returned.
 *
 * Why not the operator GroupQueryAttention: it returns the past together with the new rows, and what a run returns is
 * copied. At 4,000 positions that makes a decode step four times as long as this, and it can't skip what lies outside a
 * window. Rows lie position by position, so any run of them is one piece of memory for any number of heads.
 *
 * @returns [1, S, heads · headDim]
 */
export function addRowAttention(
  build: Build,
  layer: number,
  { query, key, value }: Projections,
  tables: RotaryTables,
): string {
  const { graph, architecture, generation } = build;
  const { heads, kvHeads, headDim } = architecture;
  const reach = reachOf(architecture.attention[layer]!);
  const name = (part: string): string => `layers.${layer}.attention.${part}`;
  const rotated = (input: string, count: number, output: string): string =>
    graph.contrib('RotaryEmbedding', [input, 'positions', tables.cos, tables.sin], output, {
      num_heads: { int: count },
    });
  const rows = graph.int64(`attention.rows.${kvHeads}`, [-1, kvHeads, headDim]);
  const newKey = graph.op('Reshape', [rotated(key, kvHeads, name('key')), rows], `present.${layer}.key`);
  const newValue = graph.op('Reshape', [value, rows], `present.${layer}.value`);
  const queries = grouped(build, rotated(query, heads, name('query')));

  const scale = 1 / Math.sqrt(architecture.queryPreAttentionScalar);
  const scores = (keys: string, part: string): string =>
    graph.contrib('FusedMatMul', [queries, keys], name(`${part}.scores`), {
      transB: { int: 1 },
      transBatchB: { int: 1 },
      alpha: { float: scale },
    });
  const parts = [scores(`past_key_values.${layer}.key`, 'past'), scores(newKey, 'new')];
  const all = graph.op('Concat', parts, name('scores'), { axis: { int: -1 } });
  const bounded = capped(build, all, generation.attentionSoftcap);
  const masked = graph.op('Add', [bounded, groupedMask(reach)], name('masked'));
  const weights = graph.op('Softmax', [masked], name('weights'), { axis: { int: -1 } });
  const shares = [name('past.weights'), name('new.weights')] as const;
  graph.splitBy(weights, splitName(reach), shares);
  const sum = (part: 'past' | 'new', values: string): string =>
    graph.contrib('FusedMatMul', [name(`${part}.weights`), values], name(`${part}.sum`), {
      transBatchB: { int: 1 },
    });
  const sums = [sum('past', `past_key_values.${layer}.value`), sum('new', newValue)];
  return ungrouped(build, graph.op('Add', sums, name('sum')), name('output'));
}

/** Per KV head the rows of all queries that use it: [1, S, heads · headDim] → [kvHeads, S · heads / kvHeads, headDim]. */
function grouped({ graph, architecture }: Build, queries: string): string {
  const { heads, kvHeads, headDim } = architecture;
  const joined = graph.int64(`attention.grouped.${kvHeads}`, [kvHeads, -1, headDim]);
  if (kvHeads === 1) return graph.op('Reshape', [queries, joined], `${queries}.grouped`);
  const split = graph.int64(`attention.groups.${kvHeads}`, [-1, kvHeads, (heads / kvHeads) * headDim]);
  const groups = graph.op('Reshape', [queries, split], `${queries}.groups`);
  const turned = graph.op('Transpose', [groups], `${queries}.turned`, { perm: { ints: [1, 0, 2] } });
  return graph.op('Reshape', [turned, joined], `${queries}.grouped`);
}

/** The way back. */
function ungrouped({ graph, architecture }: Build, sums: string, output: string): string {
  const { heads, kvHeads, headDim } = architecture;
  const joined = graph.int64('attention.joined', [1, -1, heads * headDim]);
  if (kvHeads === 1) return graph.op('Reshape', [sums, joined], output);
  const split = graph.int64(`attention.ungrouped.${kvHeads}`, [kvHeads, -1, (heads / kvHeads) * headDim]);
  const groups = graph.op('Reshape', [sums, split], `${output}.groups`);
  const turned = graph.op('Transpose', [groups], `${output}.turned`, { perm: { ints: [1, 0, 2] } });
  return graph.op('Reshape', [turned, joined], output);
}

/** Scores bounded smoothly: cap · tanh(score / cap) (Gemma 2 report, section 2). 0: as they are. */
function capped({ graph }: Build, scores: string, cap: number): string {
  if (cap === 0) return scores;
  const limit = graph.float('attention.cap', cap);
  const bounded = graph.op('Tanh', [graph.op('Div', [scores, limit], `${scores}.scaled`)], `${scores}.tanh`);
  return graph.op('Mul', [bounded, limit], `${scores}.capped`);
}

/**
 * Declares the inputs of every reach, and repeats each mask for the queries that share a KV head:
 * [S, P + S] → [1, S · heads / kvHeads, P + S].
 */
export function addMasks({ graph, architecture }: Build): void {
  const { heads, kvHeads } = architecture;
  for (const reach of new Set(architecture.attention.map(reachOf))) {
    const mask = maskName(reach);
    graph.inputs.push(
      { name: mask, type: 'float32', dims: ['sequence', `columns.${reach}`] },
      { name: splitName(reach), type: 'int64', dims: [2] },
    );
    // 0 keeps a dimension of the input.
    const lines = graph.op('Reshape', [mask, graph.int64('mask.lines', [0, 1, -1])], `${mask}.lines`);
    const repeats = graph.int64('mask.repeats', [1, heads / kvHeads, 1]);
    const repeated = graph.op('Expand', [lines, repeats], `${mask}.repeated`);
    graph.op('Reshape', [repeated, graph.int64('mask.joined', [1, -1, 0])], groupedMask(reach));
  }
}

function groupedMask(reach: string): string {
  return `${maskName(reach)}.grouped`;
}
