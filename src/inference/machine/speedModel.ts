import type { Quantization } from '../../protocol/models.ts';
import { DataFiles } from '../importer/dataFiles.ts';
import { planModel, writeModelFiles } from '../importer/modelPlan.ts';
import type { ExternalRange } from '../importer/onnxWriter.ts';
import { weightsRead } from '../importer/weightsRead.ts';
import type { Architecture, LayerAttention } from '../model/architecture.ts';
import type { ModelManifest } from '../model/modelManifest.ts';
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
/** So many that every backend takes the threads that it takes for real models. */
const PARAMETERS = 1_000_000_000;

export interface SpeedModel {
  readonly manifest: ModelManifest;
  /** Of weights, read for each token that is written. */
  readonly decodeBytes: number;
  /** Weights that every token of a prompt is multiplied with. */
  readonly promptWeights: number;
}

/** Writes the model into `folder`, which must be empty. Nothing is flushed: it is needed for some seconds only. */
export async function writeSpeedModel(folder: string, quantization: Quantization): Promise<SpeedModel> {
  const architecture = architectures[quantization];
  const plan = planModel(architecture, quantization);
  const files = await DataFiles.open(folder, plan.files);
  const [codes, numbers] = [noise(), smallNumbers()];
  try {
    for (const { runs, ranges } of plan.weights) {
      for (const [run, range] of ranges.entries()) {
        const view = runs[run]?.[0];
        // Zero points stay zero, as the files begin.
        if (view === undefined || view.name.endsWith('.zeros')) continue;
        await fill(files, range, view.type === 'float32' ? numbers : codes);
      }
    }
  } finally {
    await files.close();
  }
  const description = {
    name: 'the benchmark',
    architecture,
    quantization,
    tokenizer: new Uint8Array(),
    completion: null,
    chat: null,
  };
  const unhashed = plan.files.map(({ name, bytes }) => ({ name, bytes, sha256: '0'.repeat(64) }));
  return {
    manifest: await writeModelFiles(folder, description, plan, { parameters: PARAMETERS, files: unhashed }),
    decodeBytes: weightsRead(plan.graph),
    promptWeights: promptWeights(architecture),
  };
}

async function fill(files: DataFiles, range: ExternalRange, pattern: Uint8Array): Promise<void> {
  for (let done = 0; done < range.length; done += pattern.length) {
    await files.write(range, done, pattern.subarray(0, range.length - done));
  }
}

/** For scales and norms. */
function smallNumbers(): Uint8Array {
  return new Uint8Array(new Float32Array(PATTERN_BYTES / 4).fill(SMALL).buffer);
}

/** For codes: the upper bits of the states of a linear congruence. */
function noise(): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length: PATTERN_BYTES }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}
