import { type Build, lastRows } from '../importer/build.ts';
import { forGpu } from '../importer/gpuGraph.ts';
import { declareInterface } from '../importer/graph.ts';
import { GraphBuilder } from '../importer/graphBuilder.ts';
import { type OnnxInitializer, type OnnxNode, writeOnnx } from '../importer/onnxWriter.ts';
import { addMasks, addRowAttention, addRows } from '../importer/rowAttention.ts';
import { weightFormats } from '../importer/weightFormat.ts';
import { family } from '../model/family.ts';
import type { Backend } from './backend.ts';
import type { ModelFile, ModelManifest } from '../model/modelManifest.ts';

/*
 * A model of one layer with the inputs and outputs of every imported graph and its two parts that libraries get
 * wrong most easily: int4 matrices, and attention that rotates, has a window and reads and writes rows in place.
 *
 *   x = embedding[input_ids] · k = v = x · Wk · a = attention(x, k, v) · logits = a · Wo
 */

const VOCAB = 4;
const HEAD_DIM = 16;
const HIDDEN = 2 * HEAD_DIM;
const POSITIONS = 4;
const WINDOW = 3;
const THETA = 100;

/** Run as two steps, the second on top of the rows that the first wrote in place. */
export const probePrompt: readonly number[] = [1, 2, 3];
export const probeToken = 0;
/** Logits after the last step, worked out in float64 from the definition of the operators. */
export const probeLogits: readonly number[] = [0.2950978637, 0.5048907133, 0.6158388738, 0.7737343672];

const NO_FILE: ModelFile = { name: '', bytes: 0, sha256: '' };

/** Only name and architecture matter: the graph holds its weights itself. */
export const probeManifest: ModelManifest = {
  format: 3,
  name: 'the probe',
  architecture: {
    generation: 'gemma3',
    layers: 1,
    hiddenSize: HIDDEN,
    heads: 2,
    vocabSize: VOCAB,
    maxPositions: POSITIONS,
    rmsNormEpsilon: 0,
    queryPreAttentionScalar: HEAD_DIM,
    perLayerInputSize: 0,
    attention: [
      {
        kvHeads: 1,
        headDim: HEAD_DIM,
        kvFrom: null,
        valuesFromKeys: false,
        window: WINDOW,
        ropeTheta: THETA,
        ropeFactor: 1,
        rotatedPairs: HEAD_DIM / 2,
      },
    ],
    ffnSizes: [],
  },
  parameters: 0,
  quantization: 'q4',
  graph: NO_FILE,
  gpuGraph: NO_FILE,
  weights: [],
  tokenizer: NO_FILE,
  completion: null,
  chat: null,
};

/** The ONNX file, in the form for the processor or for GPUs. */
export function probeGraph(processor: Backend['processor']): Uint8Array {
  const graph = new GraphBuilder();
  const build: Build = {
    graph,
    architecture: probeManifest.architecture,
    generation: family.gemma3,
    format: weightFormats.q4,
  };
  declareInterface(build);
  addMasks(build);
  graph.op('Gather', ['embedding', 'input_ids'], 'x');
  graph.nodes.push(matMulInt4('x', 'key', HEAD_DIM));
  const tables = { cos: 'cos', sin: 'sin' };
  addRows(build, 0, { key: 'key', value: 'key' }, tables);
  const attended = addRowAttention(build, 0, lastRows(build, 'x'), tables);
  graph.nodes.push(matMulInt4(attended, 'output', VOCAB));
  graph.op('Squeeze', ['output', 'batch_axis'], 'logits');
  const { nodes, inputs, outputs, constants } =
    processor === 'gpu' ? forGpu(graph, probeManifest.architecture) : graph;
  const initializers = [
    ...constants,
    float32('embedding', [VOCAB, HIDDEN], (i) => (((i * 37) % 19) - 9) / 8),
    ...int4Weights('key', HEAD_DIM, (i) => i * 73 + 41),
    ...int4Weights('output', VOCAB, (i) => i * 59 + 7),
    float32('cos', [POSITIONS, HEAD_DIM / 2], (i) => Math.cos(angle(i))),
    float32('sin', [POSITIONS, HEAD_DIM / 2], (i) => Math.sin(angle(i))),
    int64('batch_axis', 0n),
  ];
  return writeOnnx({ name: 'probe', nodes, inputs, outputs, initializers });
}

/** input [.., HIDDEN] → `name` [.., rows] */
function matMulInt4(input: string, name: string, rows: number): OnnxNode {
  return {
    type: 'MatMulNBits',
    domain: 'com.microsoft',
    inputs: [input, `${name}_weights`, `${name}_scales`],
    outputs: [name],
    // Level 0 keeps activations in float32, so every library must agree to the last digits.
    attributes: {
      K: { int: HIDDEN },
      N: { int: rows },
      bits: { int: 4 },
      block_size: { int: 32 },
      accuracy_level: { int: 0 },
    },
  };
}

/** One block a row, two weights a byte, all scales 1/16. */
function int4Weights(name: string, rows: number, byte: (index: number) => number): OnnxInitializer[] {
  const data = Uint8Array.from({ length: (rows * HIDDEN) / 2 }, (_, i) => byte(i) & 0xff);
  return [
    { name: `${name}_weights`, type: 'uint8', dims: [rows, 1, HIDDEN / 2], data },
    float32(`${name}_scales`, [rows, 1], () => 1 / 16),
  ];
}

/** Rotary angle p / THETA^(2i / HEAD_DIM) of entry [p, i]. */
function angle(index: number): number {
  const half = HEAD_DIM / 2;
  return Math.floor(index / half) / THETA ** ((index % half) / half);
}

function float32(name: string, dims: readonly number[], value: (index: number) => number): OnnxInitializer {
  const length = dims.reduce((product, dim) => product * dim, 1);
  const data = new Uint8Array(Float32Array.from({ length }, (_, i) => value(i)).buffer);
  return { name, type: 'float32', dims, data };
}

function int64(name: string, value: bigint): OnnxInitializer {
  return { name, type: 'int64', dims: [1], data: new Uint8Array(BigInt64Array.of(value).buffer) };
}
