import type { LayerAttention } from '../model/architecture.ts';
import { addNorm, type Build } from './build.ts';
import type { LayerTensors } from './checkpointTensors.ts';
import { addRowAttention } from './rowAttention.ts';
import { stack } from './weight.ts';

/** Name of a layer's cosine or sine table. */
function rotaryTable(wave: 'cos' | 'sin', { ropeTheta, ropeFactor }: LayerAttention): string {
  return `${wave}.${ropeTheta}.${ropeFactor}`;
}

/** One pair of tables for every distinct base frequency and scaling. */
export function addRotaryTables({ graph, architecture: { attention, maxPositions, headDim } }: Build): void {
  const distinct = new Map(attention.map((layer) => [rotaryTable('cos', layer), layer]));
  for (const layer of distinct.values()) {
    const { ropeTheta: theta, ropeFactor: factor } = layer;
    for (const wave of ['cos', 'sin'] as const) {
      graph.weight({ kind: 'rope', wave, theta, factor, positions: maxPositions, headDim }, [
        { name: rotaryTable(wave, layer), type: 'float32', dims: [maxPositions, headDim / 2] },
      ]);
    }
  }
}

/** Queries, keys and values of `input`, and grouped-query attention over the cache → [1, S, heads · headDim]. */
export function addAttention(build: Build, layer: number, names: LayerTensors, input: string): string {
  const { graph, architecture, generation, format } = build;
  const { heads, kvHeads, headDim, hiddenSize } = architecture;
  const attention = architecture.attention[layer]!;
  const prefix = `layers.${layer}`;
  const projections = [
    { name: names.q, rows: heads * headDim },
    { name: names.k, rows: kvHeads * headDim },
    { name: names.v, rows: kvHeads * headDim },
  ];
  const qkv = format.linear(graph, input, stack(hiddenSize, projections), `${prefix}.qkv`);
  const sizes = projections.map(({ rows }) => rows);
  const [q, k, v] = graph.split(qkv, sizes, [`${prefix}.q`, `${prefix}.k`, `${prefix}.v`]);
  const query = generation.qkNorm ? addHeadNorm(build, q!, names.qNorm, heads) : q!;
  const key = generation.qkNorm ? addHeadNorm(build, k!, names.kNorm, kvHeads) : k!;
  const tables = { cos: rotaryTable('cos', attention), sin: rotaryTable('sin', attention) };
  return addRowAttention(build, layer, { query, key, value: v! }, tables);
}

/** RMSNorm of every head of `value` [1, S, count · headDim]: the attention operator's own one runs on GPUs only. */
function addHeadNorm(build: Build, value: string, tensor: string, count: number): string {
  const { graph, architecture } = build;
  const { headDim } = architecture;
  // 0 keeps the dimension of the input.
  const split = graph.int64(`heads.${count}.split`, [0, 0, count, headDim]);
  const joined = graph.int64(`heads.${count}.joined`, [0, 0, count * headDim]);
  const perHead = graph.op('Reshape', [value, split], `${value}.heads`);
  const normed = addNorm(build, perHead, tensor, headDim, `${value}.normed`);
  return graph.op('Reshape', [normed, joined], `${value}.joined`);
}
