import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { Quantization } from '../../protocol/engine.ts';
import { GemmaError } from '../../protocol/errors.ts';
import type { Architecture } from './architecture.ts';
import { type ChatTemplateName, chatTemplateNames } from './chatTemplateName.ts';
import { family, type GenerationName } from './family.ts';
import { isPlainName } from './plainName.ts';

/** What an imported model folder holds; `manifest.json` in it. File names are plain names in the folder. */
export interface ModelManifest {
  readonly format: 3;
  readonly name: string;
  readonly architecture: Architecture;
  readonly parameters: number;
  readonly quantization: Quantization;
  /** The ONNX graph, and the weights it refers to as external data. */
  readonly graph: ModelFile;
  /** The same for GPUs. */
  readonly gpuGraph: ModelFile;
  readonly weights: readonly ModelFile[];
  /** Compiled tokenizer. */
  readonly tokenizer: ModelFile;
  /** Null: a base model, which continues text. */
  readonly completion: CompletionTraining | null;
  /** Null: not trained to converse. */
  readonly chat: ChatTemplateName | null;
}

export interface ModelFile {
  readonly name: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** How a model is shown the text around the cursor. */
export const completionLayouts = ['suffix-first', 'codegemma-psm', 'codegemma-spm', 'instruction'] as const;

/** How a model was trained to complete code. */
export interface CompletionTraining {
  readonly layout: (typeof completionLayouts)[number];
  /** Null: any. */
  readonly languages: readonly string[] | null;
  readonly maxSuffixTokens: number;
  readonly contextTokens: number;
  /** Longer lines of its own are not worth offering; null: no line is too long. */
  readonly maxLineChars: number | null;
}

export const MANIFEST_NAME = 'manifest.json';

/** A manifest lists numbers and a few file names; 1 MB is far above any real one. */
const MAX_MANIFEST_BYTES = 1_000_000;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const positive = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const positiveNumber = v.pipe(v.number(), v.finite(), v.gtValue(0));
const generations = Object.keys(family).filter((name): name is GenerationName => Object.hasOwn(family, name));

const ModelFileSchema = v.object({
  name: v.pipe(v.string(), v.check(isPlainName, 'A file name must be a plain name.')),
  bytes: count,
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});

export const CompletionTrainingSchema = v.object({
  layout: v.picklist(completionLayouts),
  languages: v.nullable(
    v.pipe(v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(64))), v.maxLength(256)),
  ),
  maxSuffixTokens: count,
  contextTokens: positive,
  maxLineChars: v.nullable(positive),
});

const ArchitectureSchema = v.pipe(
  v.object({
    generation: v.picklist(generations),
    layers: positive,
    hiddenSize: positive,
    heads: positive,
    vocabSize: positive,
    maxPositions: positive,
    rmsNormEpsilon: positiveNumber,
    queryPreAttentionScalar: positiveNumber,
    perLayerInputSize: count,
    attention: v.array(
      v.object({
        kvHeads: positive,
        headDim: positive,
        kvFrom: v.nullable(count),
        valuesFromKeys: v.boolean(),
        window: v.nullable(positive),
        ropeTheta: positiveNumber,
        ropeFactor: positiveNumber,
        rotatedPairs: count,
      }),
    ),
    ffnSizes: v.array(positive),
  }),
  v.check(
    (a) => a.attention.length === a.layers && a.ffnSizes.length === a.layers,
    'One entry of attention and of ffnSizes a layer is needed.',
  ),
  v.check(
    ({ attention }) =>
      attention.every(
        ({ kvFrom }, layer) => kvFrom === null || (kvFrom < layer && attention[kvFrom]?.kvFrom === null),
      ),
    'A layer can only read the keys and values of an earlier one that makes its own.',
  ),
);

const ModelManifestSchema = v.object({
  format: v.literal(3),
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  architecture: ArchitectureSchema,
  parameters: count,
  quantization: Quantization,
  graph: ModelFileSchema,
  gpuGraph: ModelFileSchema,
  weights: v.pipe(v.array(ModelFileSchema), v.maxLength(1_000)),
  tokenizer: ModelFileSchema,
  completion: v.nullable(CompletionTrainingSchema),
  chat: v.nullable(v.picklist(chatTemplateNames)),
});

/** The manifest of an imported model folder. @throws GemmaError `model-damaged` when it is missing or invalid */
export async function readManifest(folder: string): Promise<ModelManifest> {
  const path = join(folder, MANIFEST_NAME);
  try {
    const { size } = await stat(path);
    if (size > MAX_MANIFEST_BYTES) throw new RangeError(`It has ${size} bytes.`);
    return v.parse(ModelManifestSchema, JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GemmaError('model-damaged', `${path} can't be used: ${reason} Import the model again.`, {
      cause,
    });
  }
}

/** Writes `manifest.json`; the same manifest always gives the same bytes. */
export async function writeManifest(folder: string, manifest: ModelManifest): Promise<void> {
  const json = `${JSON.stringify(v.parse(ModelManifestSchema, manifest), null, 2)}\n`;
  await writeFile(join(folder, MANIFEST_NAME), json, { flush: true });
}

/** Graphs, weights and tokenizer: everything but the manifest itself. */
export function manifestFiles(manifest: ModelManifest): readonly ModelFile[] {
  return [manifest.graph, manifest.gpuGraph, ...manifest.weights, manifest.tokenizer];
}
