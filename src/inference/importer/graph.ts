import type { Quantization } from '../../protocol/engine.ts';
import { type Architecture, lastKvLayer } from '../model/architecture.ts';
import { family } from '../model/family.ts';
import { kvTensors } from '../model/graphInterface.ts';
import { addAttention, addRotaryTables } from './attention.ts';
import { addGelu, addNorm, type Build, lastRows } from './build.ts';
import { embeddingTensor, finalNormTensor, type LayerTensors, layerTensors } from './checkpointTensors.ts';
import { GraphBuilder } from './graphBuilder.ts';
import { addOwnInput, addPerLayerInputs } from './perLayerInputs.ts';
import { addMasks } from './rowAttention.ts';
import { type MatrixSource, stack } from './weight.ts';
import { weightFormats } from './weightFormat.ts';

/**
 * The graph of any model of the family; inputs and outputs as model/graphInterface.ts says.
 */
export function buildGraph(architecture: Architecture, quantization: Quantization): GraphBuilder {
  const build: Build = {
    graph: new GraphBuilder(),
    architecture,
    generation: family[architecture.generation],
    format: weightFormats[quantization],
  };
  declareInterface(build);
  addMasks(build);
  addRotaryTables(build);
  let hidden = addEmbedding(build);
  const ownInputs = addPerLayerInputs(build, hidden);
  for (let layer = 0; layer < architecture.layers; layer++) {
    hidden = addLayer(build, layer, hidden, ownInputs[layer]);
  }
  addHead(build, hidden);
  return build.graph;
}

/** Inputs and outputs, but for those of {@link addMasks}. */
export function declareInterface({ graph, architecture }: Build): void {
  graph.inputs.push(
    { name: 'input_ids', type: 'int64', dims: [1, 'sequence'] },
    { name: 'positions', type: 'int64', dims: [1, 'sequence'] },
    { name: 'logits_rows', type: 'int64', dims: [1] },
  );
  graph.op('Neg', ['logits_rows'], 'rows.start');
  graph.outputs.push({ name: 'logits', type: 'float32', dims: ['rows', architecture.vocabSize] });
  for (const { past, present, kvHeads, headDim } of kvTensors(architecture)) {
    graph.inputs.push({ name: past, type: 'float32', dims: [`${past}.rows`, kvHeads, headDim] });
    graph.outputs.push({ name: present, type: 'float32', dims: ['sequence', kvHeads, headDim] });
  }
}

function embeddingTable({ hiddenSize, vocabSize }: Architecture): MatrixSource {
  return stack(hiddenSize, [{ name: embeddingTensor, rows: vocabSize }]);
}

function addEmbedding({ graph, format, architecture }: Build): string {
  const embedded = format.embed(graph, 'input_ids', embeddingTable(architecture));
  const scale = graph.float('embedding.scale', Math.sqrt(architecture.hiddenSize));
  return graph.op('Mul', [embedded, scale], 'hidden');
}

/** @param ownInput of the layer, besides `input`; see {@link addPerLayerInputs} */
function addLayer(build: Build, layer: number, input: string, ownInput: string | undefined): string {
  const { graph, architecture, format, generation } = build;
  const { hiddenSize, heads } = architecture;
  const attendedSize = heads * architecture.attention[layer]!.headDim;
  const names = layerTensors(layer, generation);
  const prefix = `layers.${layer}`;
  const norm = (value: string, tensor: string): string =>
    addNorm(build, value, tensor, hiddenSize, `${value}.normed`);
  const postNorm = generation.postNorms ? norm : (value: string): string => value;
  const attention = addAttention(build, layer, names, norm(input, names.inputNorm));
  const source = stack(attendedSize, [{ name: names.o, rows: hiddenSize }]);
  const attended = format.linear(graph, attention, source, `${prefix}.o`);
  // Beyond the last keys and values only the rows whose logits are wanted matter.
  const residual = layer === lastKvLayer(architecture) ? lastRows(build, input) : input;
  const middle = graph.op('Add', [residual, postNorm(attended, names.postAttentionNorm)], `${prefix}.middle`);
  const ffn = addFfn(build, layer, names, norm(middle, names.preFfnNorm));
  const mixed = graph.op('Add', [middle, postNorm(ffn, names.postFfnNorm)], `${prefix}.mixed`);
  const informed = ownInput === undefined ? mixed : addOwnInput(build, layer, names, mixed, ownInput);
  if (!generation.layerScalar) return informed;
  graph.weight({ kind: 'vector', tensor: names.scalar, size: 1, plusOne: false }, [
    { name: names.scalar, type: 'float32', dims: [1] },
  ]);
  return graph.op('Mul', [informed, names.scalar], `${prefix}.hidden`);
}

/** Gated feed-forward network: down(gelu(gate(x)) · up(x)). */
function addFfn(
  { graph, format, architecture }: Build,
  layer: number,
  names: LayerTensors,
  input: string,
): string {
  const { hiddenSize } = architecture;
  const ffnSize = architecture.ffnSizes[layer]!;
  const prefix = `layers.${layer}`;
  const both = stack(hiddenSize, [
    { name: names.gate, rows: ffnSize },
    { name: names.up, rows: ffnSize },
  ]);
  const product = format.linear(graph, input, both, `${prefix}.gateUp`);
  const [gate, up] = graph.split(product, [ffnSize, ffnSize], [`${prefix}.gate`, `${prefix}.up`]);
  const active = addGelu(graph, gate!, `${prefix}.active`);
  const gated = graph.op('Mul', [active, up!], `${prefix}.gated`);
  const source = stack(ffnSize, [{ name: names.down, rows: hiddenSize }]);
  return format.linear(graph, gated, source, `${prefix}.down`);
}

/** Final norm, tied head and logit cap over [1, rows, hidden]. */
function addHead(build: Build, hidden: string): void {
  const { graph, format, architecture, generation } = build;
  const { hiddenSize } = architecture;
  const shape = graph.int64('rows.shape', [-1, hiddenSize]);
  const rows = graph.op('Reshape', [hidden, shape], 'rows.flat');
  const normed = addNorm(build, rows, finalNormTensor, hiddenSize, 'rows.normed');
  const cap = generation.logitSoftcap;
  const logits = format.head(
    graph,
    normed,
    embeddingTable(architecture),
    cap === 0 ? 'logits' : 'logits.raw',
  );
  if (cap === 0) return;
  const limit = graph.float('logits.cap', cap);
  const scaled = graph.op('Div', [logits, limit], 'logits.scaled');
  graph.op('Mul', [graph.op('Tanh', [scaled], 'logits.tanh'), limit], 'logits');
}
