import { lastKvLayer } from '../model/architecture.ts';
import { addGelu, addNorm, type Build, lastRows } from './build.ts';
import { type LayerTensors, perLayerTensors } from './checkpointTensors.ts';
import { stack } from './weight.ts';

/*
 * Per-layer embeddings (Gemma 4 E2B and E4B; `project_per_layer_inputs` of huggingface/transformers): every layer is
 * given a few values of each token, half from a table of its own, half from the token's embedding. The table is large
 * and read one row a token.
 */

/**
 * The inputs of the layers, by layer, for the tokens that the layer computes; none when the model has no such inputs.
 *
 * @param embedded [1, S, hidden], scaled
 */
export function addPerLayerInputs(build: Build, embedded: string): readonly string[] {
  const { graph, architecture, format } = build;
  const { layers, hiddenSize, perLayerInputSize: size, vocabSize } = architecture;
  if (size === 0) return [];
  const all = layers * size;
  const table = stack(all, [{ name: perLayerTensors.embedding, rows: vocabSize }]);
  const found = format.lookUp(graph, 'input_ids', table, 'perLayer.embedded');
  const named = graph.op(
    'Mul',
    [found, graph.float('perLayer.embedding.scale', Math.sqrt(size))],
    'perLayer.named',
  );

  const source = stack(hiddenSize, [{ name: perLayerTensors.projection, rows: all }]);
  const projected = format.linear(graph, embedded, source, 'perLayer.projected');
  const scale = graph.float('perLayer.projection.scale', 1 / Math.sqrt(hiddenSize));
  const scaled = graph.op('Mul', [projected, scale], 'perLayer.scaled');
  // 0 keeps the dimension of the input.
  const byLayer = graph.op(
    'Reshape',
    [scaled, graph.int64('perLayer.split', [0, 0, layers, size])],
    'perLayer.byLayer',
  );
  const normed = addNorm(build, byLayer, perLayerTensors.norm, size, 'perLayer.normed');
  const joined = graph.op('Reshape', [normed, graph.int64('perLayer.joined', [0, 0, all])], 'perLayer.flat');

  const sum = graph.op('Add', [joined, named], 'perLayer.sum');
  const inputs = graph.op('Mul', [sum, graph.float('perLayer.scale', Math.SQRT1_2)], 'perLayer.inputs');
  const outputs = architecture.attention.map((_, layer) => `perLayer.${layer}`);
  const sizes = outputs.map(() => size);
  const parts = graph.split(inputs, sizes, outputs);
  return parts.map((part, layer) => (layer >= lastKvLayer(architecture) ? lastRows(build, part) : part));
}

/** Adds to `hidden` what the layer makes of its own input: norm(projection(gelu(gate(hidden)) · input)). */
export function addOwnInput(
  build: Build,
  layer: number,
  names: LayerTensors,
  hidden: string,
  input: string,
): string {
  const { graph, architecture, format } = build;
  const { hiddenSize, perLayerInputSize: size } = architecture;
  const prefix = `layers.${layer}.own`;
  const gateSource = stack(hiddenSize, [{ name: names.perLayerGate, rows: size }]);
  const gate = format.linear(graph, hidden, gateSource, `${prefix}.gate`);
  const gated = graph.op('Mul', [addGelu(graph, gate, `${prefix}.active`), input], `${prefix}.gated`);
  const source = stack(size, [{ name: names.perLayerProjection, rows: hiddenSize }]);
  const projected = format.linear(graph, gated, source, `${prefix}.projected`);
  const normed = addNorm(build, projected, names.perLayerNorm, hiddenSize, `${prefix}.normed`);
  return graph.op('Add', [hidden, normed], `${prefix}.hidden`);
}
