import { lastKvLayer, type LayerAttention } from '../model/architecture.ts';
import { maskName, pastName, presentName, reachOf, splitName } from '../model/graphInterface.ts';
import { type Build, lastRows } from './build.ts';

interface RotaryTables {
  readonly cos: string;
  readonly sin: string;
}

/**
 * Keys and values of the new tokens as rows of the cache: the outputs of `layer`.
 *
 * @param key not yet rotated; like `value` [1, S, kvHeads · headDim] or [1, S, kvHeads, headDim]
 */
export function addRows(
  build: Build,
  layer: number,
  { key, value }: { readonly key: string; readonly value: string },
  tables: RotaryTables,
): void {
  const { graph, architecture } = build;
  const { kvHeads, headDim } = architecture.attention[layer]!;
  const rows = graph.int64(`attention.rows.${kvHeads}.${headDim}`, [-1, kvHeads, headDim]);
  const rotated = rotate(build, key, 'positions', kvHeads, tables, `layers.${layer}.attention.key`);
  graph.op('Reshape', [rotated, rows], presentName(layer, 'key'));
  graph.op('Reshape', [value, rows], presentName(layer, 'value'));
}

/**
 * Grouped-query attention over the rows that a layer may see, in two parts that share one softmax: over the rows of the
 * past, which are only read, and over those of the new tokens, which are the only ones returned.
 *
 * Why not the operator GroupQueryAttention: it returns the past together with the new rows, and what a run returns is
 * copied. At 4,000 positions that makes a decode step four times as long as this, and it can't skip what lies outside a
 * window. Rows lie position by position, so any run of them is one piece of memory for any number of heads.
 *
 * @param query not yet rotated, [1, S, heads · headDim]; from {@link lastKvLayer} on of the wanted rows alone
 * @returns of the shape of `query`
 */
export function addRowAttention(build: Build, layer: number, query: string, tables: RotaryTables): string {
  const { graph, architecture, generation } = build;
  const { heads } = architecture;
  const attention = architecture.attention[layer]!;
  const isOfRows = layer >= lastKvLayer(architecture);
  const name = (part: string): string => `layers.${layer}.attention.${part}`;
  const positions = isOfRows ? ROW_POSITIONS : 'positions';
  const rotated = rotate(build, query, positions, heads, tables, name('query'));
  const queries = grouped(build, attention, rotated);

  const source = attention.kvFrom ?? layer;
  const scale = 1 / Math.sqrt(architecture.queryPreAttentionScalar);
  const scores = (keys: string, part: string): string =>
    graph.contrib('FusedMatMul', [queries, keys], name(`${part}.scores`), {
      transB: { int: 1 },
      transBatchB: { int: 1 },
      alpha: { float: scale },
    });
  const parts = [scores(pastName(source, 'key'), 'past'), scores(presentName(source, 'key'), 'new')];
  const all = graph.op('Concat', parts, name('scores'), { axis: { int: -1 } });
  const bounded = capped(build, all, generation.attentionSoftcap);
  const mask = groupedMask(reachOf(attention), heads / attention.kvHeads, isOfRows);
  const masked = graph.op('Add', [bounded, mask], name('masked'));
  const weights = graph.op('Softmax', [masked], name('weights'), { axis: { int: -1 } });
  const shares = [name('past.weights'), name('new.weights')] as const;
  graph.splitBy(weights, splitName(reachOf(attention)), shares);
  const sum = (part: 'past' | 'new', values: string): string =>
    graph.contrib('FusedMatMul', [name(`${part}.weights`), values], name(`${part}.sum`), {
      transBatchB: { int: 1 },
    });
  const sums = [sum('past', pastName(source, 'value')), sum('new', presentName(source, 'value'))];
  return ungrouped(build, attention, graph.op('Add', sums, name('sum')), name('output'));
}

/** Of the tokens whose logits are wanted. */
const ROW_POSITIONS = 'positions.rows';

function rotate(
  { graph }: Build,
  input: string,
  positions: string,
  heads: number,
  { cos, sin }: RotaryTables,
  output: string,
): string {
  return graph.contrib('RotaryEmbedding', [input, positions, cos, sin], output, {
    num_heads: { int: heads },
  });
}

/** Per KV head the rows of all queries that use it: [1, S, heads · headDim] → [kvHeads, S · heads / kvHeads, headDim]. */
function grouped(
  { graph, architecture: { heads } }: Build,
  { kvHeads, headDim }: LayerAttention,
  queries: string,
): string {
  const shape = `${kvHeads}.${headDim}`;
  const joined = graph.int64(`attention.grouped.${shape}`, [kvHeads, -1, headDim]);
  if (kvHeads === 1) return graph.op('Reshape', [queries, joined], `${queries}.grouped`);
  const split = graph.int64(`attention.groups.${shape}`, [-1, kvHeads, (heads / kvHeads) * headDim]);
  const groups = graph.op('Reshape', [queries, split], `${queries}.groups`);
  const turned = graph.op('Transpose', [groups], `${queries}.turned`, { perm: { ints: [1, 0, 2] } });
  return graph.op('Reshape', [turned, joined], `${queries}.grouped`);
}

/** The way back. */
function ungrouped(
  { graph, architecture: { heads } }: Build,
  { kvHeads, headDim }: LayerAttention,
  sums: string,
  output: string,
): string {
  const joined = graph.int64(`attention.joined.${headDim}`, [1, -1, heads * headDim]);
  if (kvHeads === 1) return graph.op('Reshape', [sums, joined], output);
  const split = graph.int64(`attention.ungrouped.${kvHeads}.${headDim}`, [
    kvHeads,
    -1,
    (heads / kvHeads) * headDim,
  ]);
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
 * Declares the inputs of every reach, and prepares positions and masks: of all new tokens, and of the rows whose logits
 * are wanted.
 */
export function addMasks(build: Build): void {
  const { graph, architecture } = build;
  lastRows(build, 'positions', 1, ROW_POSITIONS);
  for (const reach of new Set(architecture.attention.map(reachOf))) {
    graph.inputs.push(
      { name: maskName(reach), type: 'float32', dims: ['sequence', `columns.${reach}`] },
      { name: splitName(reach), type: 'int64', dims: [2] },
    );
  }
  const added = new Set<string>();
  for (const [layer, attention] of architecture.attention.entries()) {
    const reach = reachOf(attention);
    const group = architecture.heads / attention.kvHeads;
    const isOfRows = layer >= lastKvLayer(architecture);
    const name = groupedMask(reach, group, isOfRows);
    if (!added.has(name)) addGroupedMask(build, reach, group, isOfRows);
    added.add(name);
  }
}

/** Repeats a mask for the queries that share a KV head: [S, P + S] → [1, S · group, P + S]. */
function addGroupedMask(build: Build, reach: string, group: number, isOfRows: boolean): void {
  const { graph } = build;
  const name = groupedMask(reach, group, isOfRows);
  const mask = isOfRows ? lastRows(build, maskName(reach), 0, `${name}.rows`) : maskName(reach);
  // 0 keeps a dimension of the input.
  const lines = graph.op('Reshape', [mask, graph.int64('mask.lines', [0, 1, -1])], `${name}.lines`);
  const repeated = graph.op(
    'Expand',
    [lines, graph.int64(`mask.repeats.${group}`, [1, group, 1])],
    `${name}.repeated`,
  );
  graph.op('Reshape', [repeated, graph.int64('mask.joined', [1, -1, 0])], name);
}

function groupedMask(reach: string, group: number, isOfRows: boolean): string {
  return `${maskName(reach)}.by.${group}${isOfRows ? '.ofRows' : ''}`;
}
