import { lastKvLayer, type LayerAttention } from '../model/architecture.ts';
import { addNorm, addPlainNorm, type Build, lastRows } from './build.ts';
import type { LayerTensors } from './checkpointTensors.ts';
import { addRowAttention, addRows } from './rowAttention.ts';
import { stack } from './weight.ts';

/** Name of a layer's cosine or sine table. */
function rotaryTable(wave: 'cos' | 'sin', layer: LayerAttention): string {
  const { ropeTheta, ropeFactor, headDim, rotatedPairs } = layer;
  return [wave, ropeTheta, ropeFactor, headDim, rotatedPairs].join('.');
}

/** One pair of tables for every distinct base frequency, scaling and size of heads. */
export function addRotaryTables({ graph, architecture: { attention, maxPositions } }: Build): void {
  const distinct = new Map(attention.map((layer) => [rotaryTable('cos', layer), layer]));
  for (const layer of distinct.values()) {
    const { ropeTheta: theta, ropeFactor: factor, headDim, rotatedPairs } = layer;
    for (const wave of ['cos', 'sin'] as const) {
      graph.weight({ kind: 'rope', wave, theta, factor, positions: maxPositions, headDim, rotatedPairs }, [
        { name: rotaryTable(wave, layer), type: 'float32', dims: [maxPositions, headDim / 2] },
      ]);
    }
  }
}

/**
 * Queries of `input` over the cache, after adding the keys and values of `input` to it where the layer makes them.
 *
 * @returns [1, S, heads · headDim]; from {@link lastKvLayer} on of the wanted rows alone
 */
export function addAttention(build: Build, layer: number, names: LayerTensors, input: string): string {
  const { graph, architecture, generation, format } = build;
  const { heads, hiddenSize } = architecture;
  const attention = architecture.attention[layer]!;
  const { kvHeads, headDim, kvFrom, valuesFromKeys } = attention;
  const prefix = `layers.${layer}`;
  const tables = { cos: rotaryTable('cos', attention), sin: rotaryTable('sin', attention) };
  const projections = [
    { output: `${prefix}.q`, name: names.q, rows: heads * headDim },
    ...(kvFrom === null ? [{ output: `${prefix}.k`, name: names.k, rows: kvHeads * headDim }] : []),
    ...(kvFrom === null && !valuesFromKeys
      ? [{ output: `${prefix}.v`, name: names.v, rows: kvHeads * headDim }]
      : []),
  ];
  const product = format.linear(graph, input, stack(hiddenSize, projections), `${prefix}.qkv`);
  const sizes = projections.map(({ rows }) => rows);
  const outputs = projections.map(({ output }) => output);
  const [q = product, k, v = k] = projections.length === 1 ? [] : graph.split(product, sizes, outputs);
  if (k !== undefined && v !== undefined) {
    const key = generation.qkNorm ? addHeadNorm(build, k, names.kNorm, kvHeads, headDim) : k;
    const value = generation.valueNorm ? addValueNorm(build, v, attention) : v;
    addRows(build, layer, { key, value }, tables);
  }
  const wanted = layer === lastKvLayer(architecture) ? lastRows(build, q) : q;
  const query = generation.qkNorm ? addHeadNorm(build, wanted, names.qNorm, heads, headDim) : wanted;
  return addRowAttention(build, layer, query, tables);
}

/** RMSNorm of every head of `value` [1, S, count · headDim]: the attention operator's own one runs on GPUs only. */
function addHeadNorm(build: Build, value: string, tensor: string, count: number, headDim: number): string {
  const { graph } = build;
  const joined = graph.int64(`heads.${count}.${headDim}.joined`, [0, 0, count * headDim]);
  const perHead = splitHeads(build, value, count, headDim, `${value}.heads`);
  const normed = addNorm(build, perHead, tensor, headDim, `${value}.normed`);
  return graph.op('Reshape', [normed, joined], `${value}.joined`);
}

/** RMSNorm without a weight of every head → [1, S, kvHeads, headDim]. */
function addValueNorm(build: Build, value: string, { kvHeads, headDim }: LayerAttention): string {
  const perHead = splitHeads(build, value, kvHeads, headDim, `${value}.value.heads`);
  return addPlainNorm(build, perHead, headDim, `${value}.value`);
}

function splitHeads({ graph }: Build, value: string, count: number, headDim: number, output: string): string {
  // 0 keeps the dimension of the input.
  const split = graph.int64(`heads.${count}.${headDim}.split`, [0, 0, count, headDim]);
  return graph.op('Reshape', [value, split], output);
}
