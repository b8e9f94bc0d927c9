import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Quantization } from '../../protocol/engine.ts';
import type { Architecture } from '../model/architecture.ts';
import { type ModelFile, type ModelManifest, writeManifest } from '../model/modelManifest.ts';
import { forGpu } from './gpuGraph.ts';
import { buildGraph } from './graph.ts';
import type { GraphBuilder } from './graphBuilder.ts';
import type { ModelDescription } from './modelDescription.ts';
import { type OnnxInitializer, writeOnnx } from './onnxWriter.ts';
import { planWeights, type WeightPlan } from './weightPlan.ts';

/** Raise when the same checkpoint gives other files: earlier imports are then made anew. */
export const IMPORT_VERSION = 5;

/** The graph of a model, and where its weights will be. */
export interface ModelPlan extends WeightPlan {
  readonly graph: GraphBuilder;
}

export function planModel(architecture: Architecture, quantization: Quantization): ModelPlan {
  const graph = buildGraph(architecture, quantization);
  return { graph, ...planWeights(graph.weights) };
}

/** Writes and flushes everything but the weights, which are there already; the manifest comes last. */
export async function writeModelFiles(
  folder: string,
  description: ModelDescription,
  plan: ModelPlan,
  weights: { readonly parameters: number; readonly files: readonly ModelFile[] },
): Promise<ModelManifest> {
  const { architecture, tokenizer, name, quantization, completion, chat } = description;
  const manifest: ModelManifest = {
    format: 3,
    name,
    architecture,
    parameters: weights.parameters,
    quantization,
    graph: await writeModelFile(folder, 'graph.onnx', onnx(plan.graph, architecture, plan)),
    gpuGraph: await writeModelFile(
      folder,
      'graph.gpu.onnx',
      onnx(forGpu(plan.graph, architecture), architecture, plan),
    ),
    weights: weights.files,
    tokenizer: await writeModelFile(folder, 'tokenizer.bin', tokenizer),
    completion,
    chat,
  };
  await writeManifest(folder, manifest);
  return manifest;
}

function onnx(graph: GraphBuilder, architecture: Architecture, plan: ModelPlan): Uint8Array {
  const { nodes, inputs, outputs, constants } = graph;
  const initializers: OnnxInitializer[] = [...constants];
  for (const { runs, ranges } of plan.weights) {
    for (const [run, data] of ranges.entries()) {
      for (const view of runs[run] ?? []) initializers.push({ ...view, data });
    }
  }
  return writeOnnx({ name: architecture.generation, nodes, inputs, outputs, initializers });
}

async function writeModelFile(folder: string, name: string, bytes: Uint8Array): Promise<ModelFile> {
  await writeFile(join(folder, name), bytes, { flush: true });
  return { name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}
