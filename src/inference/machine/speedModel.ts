import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Quantization } from '../../protocol/models.ts';
import { DataFileWriter } from '../importer/dataFileWriter.ts';
import { forGpu } from '../importer/gpuGraph.ts';
import { buildGraph } from '../importer/graph.ts';
import type { GraphBuilder } from '../importer/graphBuilder.ts';
import { type ExternalRange, type OnnxInitializer, writeOnnx } from '../importer/onnxWriter.ts';
import { type TensorView, tensorBytes } from '../importer/weight.ts';
import { weightsRead } from '../importer/weightsRead.ts';
import type { Architecture, LayerAttention } from '../model/architecture.ts';
import type { ModelFile, ModelManifest } from '../model/modelManifest.ts';
import { promptWeights } from '../model/work.ts';

/*
 * A model to measure a machine with: of the shape of a real one's layers and head, so that the same kernels run over
 * matrices of the same size, and larger than any cache, so that a token waits for memory as it does with a real one.
 * Its weights are noise: speed doesn't depend on them.
 */

const HEAD_DIM = 256;
const attention: LayerAttention = {
  kvHeads: 1,
  headDim: HEAD_DIM,
  kvFrom: null,
  valuesFromKeys: false,
  window: null,
  ropeTheta: 10_000,
  ropeFactor: 1,
  rotatedPairs: HEAD_DIM / 2,
};

/** A quarter of what is read for a token is the head, as in small models. */
function architectureOf(layers: number, vocabSize: number): Architecture {
  return {
    generation: 'gemma',
    layers,
    hiddenSize: 2_048,
    heads: 8,
    vocabSize,
    maxPositions: 256,
    rmsNormEpsilon: 1e-6,
    queryPreAttentionScalar: HEAD_DIM,
    perLayerInputSize: 0,
    attention: Array.from({ length: layers }, () => attention),
    ffnSizes: Array.from({ length: layers }, () => 8_192),
  };
}

/** Between 150 and 200 MB. In WebAssembly memory that was used once isn't given back, so it gets the least. */
const architectures: Readonly<Record<Quantization, Architecture>> = {
  q4: architectureOf(4, 20_480),
  q8: architectureOf(2, 16_384),
  f32: architectureOf(1, 4_096),
};

/** Four times a prime, so that rows of a matrix differ. */
const PATTERN_BYTES = 4 * 262_139;
/** Of scales and norms: far from where floating-point numbers get slow. */
const SMALL = 0.02;

export interface SpeedModel {
  readonly manifest: ModelManifest;
  /** Of weights, read for each token that is written. */
  readonly decodeBytes: number;
  /** Weights that every token of a prompt is multiplied with. */
  readonly promptWeights: number;
}

/** Writes the model into `folder`, which must be empty. */
export async function writeSpeedModel(folder: string, quantization: Quantization): Promise<SpeedModel> {
  const architecture = architectures[quantization];
  const graph = buildGraph(architecture, quantization);
  const external: OnnxInitializer[] = [];
  const writer = new DataFileWriter(folder, 'weights');
  try {
    for (const [view, ...others] of graph.weights.flatMap(({ runs }) => runs)) {
      if (view === undefined) continue;
      const data = await fill(writer, view);
      for (const { name, type, dims } of [view, ...others]) external.push({ name, type, dims, data });
    }
    const weights = await writer.finish();
    const write = async (part: GraphBuilder, name: string): Promise<ModelFile> => {
      const { nodes, inputs, outputs, constants } = part;
      const initializers = [...constants, ...external];
      const bytes = writeOnnx({ name: 'speed', nodes, inputs, outputs, initializers });
      await writeFile(join(folder, name), bytes);
      return { name, bytes: bytes.length, sha256: '' };
    };
    return {
      manifest: {
        format: 3,
        name: 'the benchmark',
        architecture,
        // As many as make every backend take the threads that it takes for real models.
        parameters: 1_000_000_000,
        quantization,
        graph: await write(graph, 'graph.onnx'),
        gpuGraph: await write(forGpu(graph, architecture), 'graph.gpu.onnx'),
        weights,
        tokenizer: { name: '', bytes: 0, sha256: '' },
        completion: null,
        chat: null,
      },
      decodeBytes: weightsRead(graph),
      promptWeights: promptWeights(architecture),
    };
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/** What is repeated to fill a tensor: noise for codes, zeros for zero points, one small number for scales and norms. */
function patternOf({ name, type }: TensorView): Uint8Array {
  if (type === 'float32') return new Uint8Array(new Float32Array(PATTERN_BYTES / 4).fill(SMALL).buffer);
  return name.endsWith('.zeros') ? new Uint8Array(PATTERN_BYTES) : noise();
}

async function fill(writer: DataFileWriter, view: TensorView): Promise<ExternalRange> {
  const length = tensorBytes(view);
  const range = await writer.begin(length);
  const pattern = patternOf(view);
  for (let done = 0; done < length; done += pattern.length) {
    await writer.write(pattern.subarray(0, Math.min(pattern.length, length - done)));
  }
  return range;
}

/** A linear congruence: the upper bits of its states. */
function noise(): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length: PATTERN_BYTES }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}
