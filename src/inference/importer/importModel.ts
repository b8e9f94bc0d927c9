import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImportResult as ImportResultSchema, Quantization } from '../../protocol/engine.ts';
import { GemmaError } from '../../protocol/errors.ts';
import type { InferOutput } from 'valibot';
import type { Architecture } from '../model/architecture.ts';
import { manifestFiles, type ModelFile, type ModelManifest, writeManifest } from '../model/modelManifest.ts';
import { readArchitecture } from '../model/readArchitecture.ts';
import { compileTokenizer } from '../tokenizer/compile.ts';
import { loadTokenizer } from '../tokenizer/loadTokenizer.ts';
import { Checkpoint } from './checkpoint.ts';
import { CheckpointFolder } from './checkpointFolder.ts';
import { createFolder } from './createFolder.ts';
import { DataFileWriter } from './dataFileWriter.ts';
import { forGpu } from './gpuGraph.ts';
import { buildGraph } from './graph.ts';
import type { GraphBuilder } from './graphBuilder.ts';
import { modelName } from './modelName.ts';
import { type OnnxInitializer, writeOnnx } from './onnxWriter.ts';
import { readLayouts } from './readLayouts.ts';
import { readJsonFile, readSmallFile } from './smallFile.ts';
import { checkFormat } from './weightFormat.ts';
import { writeWeight } from './writeWeight.ts';

export type ImportResult = InferOutput<typeof ImportResultSchema>;

export interface ImportOptions {
  /** Checkpoint folder in Hugging Face layout: config.json, tokenizer.json, model.safetensors or shards. */
  readonly source: string;
  /** Folder to create; may exist when empty. */
  readonly target: string;
  readonly quantization: Quantization;
  /** Share of the weights that is done, 0–1; called several times a second. */
  readonly onProgress?: (fraction: number) => void;
  /** Read between row chunks. */
  readonly cancelled?: () => boolean;
}

/** Raise when the same checkpoint gives other files: earlier imports are then made anew. */
export const IMPORT_VERSION = 5;

export const MAX_CONFIG_BYTES = 1_000_000;
/** Gemma 3's is 33 MB. */
export const MAX_TOKENIZER_BYTES = 64 * 2 ** 20;

/**
 * Converts a checkpoint to an imported model folder: graph.onnx, graph.gpu.onnx, weights.N.bin, tokenizer.bin and manifest.json.
 * The same checkpoint always gives the same bytes. Streams: a chunk of rows, for q8 one int8 matrix, is in memory at a time.
 *
 * @throws GemmaError `bad-input` (source or target), `model-damaged`, `model-unsupported`, `disk-full`, `cancelled`;
 * then nothing is left behind
 */
export async function importModel(options: ImportOptions): Promise<ImportResult> {
  const started = performance.now();
  const folder = await CheckpointFolder.open(options.source);
  const config = await readJsonFile(await folder.require('config.json'), MAX_CONFIG_BYTES);
  const architecture = readArchitecture(config);
  checkFormat(architecture, options.quantization);
  const tokenizer = await readTokenizer(folder, architecture);
  const name = modelName(options.source);
  const layouts = await readLayouts(folder, {
    name,
    config,
    tokenizer: loadTokenizer(tokenizer),
    maxPositions: architecture.maxPositions,
  });
  const checkpoint = await Checkpoint.open(folder, architecture);
  try {
    const { parameters } = checkpoint;
    const manifest = await createFolder(options.target, async (target): Promise<ModelManifest> => {
      const model = await writeModel(target, architecture, checkpoint, options);
      const written: ModelManifest = {
        format: 3,
        name,
        architecture,
        parameters,
        quantization: options.quantization,
        ...model,
        tokenizer: await writeModelFile(target, 'tokenizer.bin', tokenizer),
        ...layouts,
      };
      await writeManifest(target, written);
      return written;
    });
    return {
      architecture: architecture.generation,
      parameters,
      bytes: manifestFiles(manifest).reduce((total, { bytes }) => total + bytes, 0),
      milliseconds: performance.now() - started,
    };
  } finally {
    await checkpoint.close();
  }
}

async function readTokenizer(folder: CheckpointFolder, architecture: Architecture): Promise<Uint8Array> {
  const json = await readSmallFile(await folder.require('tokenizer.json'), MAX_TOKENIZER_BYTES);
  const compiled = compileTokenizer(json);
  const tokenizer = loadTokenizer(compiled);
  for (let id = architecture.vocabSize; id < tokenizer.size; id++) {
    // Text-only Gemma 3 models keep the image token of the others, without a row for it; no text encodes to it.
    if (tokenizer.isControl(id)) continue;
    throw new GemmaError(
      'model-damaged',
      `tokenizer.json has ${tokenizer.size} tokens, but the embedding table only ${architecture.vocabSize} rows.`,
    );
  }
  return compiled;
}

async function writeModel(
  target: string,
  architecture: Architecture,
  checkpoint: Checkpoint,
  { quantization, onProgress, cancelled }: ImportOptions,
): Promise<Pick<ModelManifest, 'graph' | 'gpuGraph' | 'weights'>> {
  const graph = buildGraph(architecture, quantization);
  const external: OnnxInitializer[] = [];
  const writer = new DataFileWriter(target, 'weights');
  let done = 0;
  const read = async (tensor: string, first: number, out: Float32Array): Promise<void> => {
    if (cancelled?.() === true) throw new GemmaError('cancelled', 'The import was cancelled.');
    await checkpoint.read(tensor, first, out);
    done += out.length;
    onProgress?.(Math.min(1, done / checkpoint.parameters));
  };
  try {
    for (const { recipe, runs } of graph.weights) {
      const ranges = await writeWeight(recipe, read, writer);
      for (const [run, data] of ranges.entries()) {
        for (const view of runs[run] ?? []) external.push({ ...view, data });
      }
    }
    const files = await writer.finish();
    const write = ({ nodes, inputs, outputs, constants }: GraphBuilder, name: string): Promise<ModelFile> => {
      const initializers = [...constants, ...external];
      const onnx = writeOnnx({ name: architecture.generation, nodes, inputs, outputs, initializers });
      return writeModelFile(target, name, onnx);
    };
    return {
      graph: await write(graph, 'graph.onnx'),
      gpuGraph: await write(forGpu(graph, architecture), 'graph.gpu.onnx'),
      weights: files,
    };
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

async function writeModelFile(folder: string, name: string, bytes: Uint8Array): Promise<ModelFile> {
  await writeFile(join(folder, name), bytes, { flush: true });
  return { name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}
