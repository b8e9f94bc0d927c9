import { join } from 'node:path';
import type { InferOutput } from 'valibot';
import type { ImportResult as ImportResultSchema, Quantization } from '../../protocol/engine.ts';
import { GemmaError } from '../../protocol/errors.ts';
import { manifestFiles, type ModelManifest } from '../model/modelManifest.ts';
import { Checkpoint } from './checkpoint.ts';
import { CheckpointFolder } from './checkpointFolder.ts';
import { RowConverter } from './rowConverter.ts';
import { createFolder } from './createFolder.ts';
import { DataFiles } from './dataFiles.ts';
import { describeModel, type ModelDescription } from './modelDescription.ts';
import { modelName } from './modelName.ts';
import { planModel, writeModelFiles } from './modelPlan.ts';
import { ScratchMatrices } from './scratchMatrices.ts';

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

/**
 * Converts a checkpoint to an imported model folder: graph.onnx, graph.gpu.onnx, weights.N.bin, tokenizer.bin and manifest.json.
 * The same checkpoint always gives the same bytes. Streams: a chunk of rows, for q8 one int8 matrix, is in memory at a time.
 *
 * @throws GemmaError `bad-input` (source or target), `model-damaged`, `model-unsupported`, `disk-full`, `cancelled`;
 * then nothing is left behind
 */
export async function importModel(options: ImportOptions): Promise<ImportResult> {
  const started = performance.now();
  const { source, target, quantization } = options;
  const folder = await CheckpointFolder.open(source);
  const description = await describeModel(folder, modelName(source), quantization);
  const checkpoint = await Checkpoint.open(folder, description.architecture);
  try {
    const manifest = await createFolder(target, (path) => writeModel(path, description, checkpoint, options));
    return {
      architecture: description.architecture.generation,
      parameters: checkpoint.parameters,
      bytes: manifestFiles(manifest).reduce((total, { bytes }) => total + bytes, 0),
      milliseconds: performance.now() - started,
    };
  } finally {
    await checkpoint.close();
  }
}

async function writeModel(
  folder: string,
  description: ModelDescription,
  checkpoint: Checkpoint,
  { onProgress, cancelled }: ImportOptions,
): Promise<ModelManifest> {
  const { architecture, quantization } = description;
  const { parameters } = checkpoint;
  const plan = planModel(architecture, quantization);
  const stopIfCancelled = (): void => {
    if (cancelled?.() === true) throw new GemmaError('cancelled', 'The import was cancelled.');
  };
  const files = await DataFiles.open(folder, plan.files);
  const scratch = new ScratchMatrices(join(folder, 'scratch'));
  try {
    const converter = new RowConverter(plan, files, scratch);
    await converter.writeTables();
    let done = 0;
    for await (const rows of checkpoint.rows()) {
      stopIfCancelled();
      await converter.convert(rows);
      for (const index of converter.takeComplete()) await scratch.remove(index);
      done += rows.values.length;
      onProgress?.(done / parameters);
    }
    await files.sync();
    await scratch.discard();
    const hashed = await files.hash(stopIfCancelled);
    return await writeModelFiles(folder, description, plan, { parameters, files: hashed });
  } finally {
    await files.close();
    await scratch.close();
  }
}
