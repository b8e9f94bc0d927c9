import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNativeBackend } from '../../src/inference/backends/native.ts';
import { importModel } from '../../src/inference/importer/importModel.ts';
import { readManifest } from '../../src/inference/model/modelManifest.ts';
import type { Quantization } from '../../src/protocol/engine.ts';
import { relativeError, smallestCosine } from '../support/compareLogits.ts';
import { checkpointShapes } from '../support/checkpointShapes.ts';
import { throughBlocks } from '../support/dequantize.ts';
import { blockQuantized, Reference, type ReferenceModel } from '../support/referenceForward.ts';
import { repeatedModel, writeRepeatedCheckpoint } from '../support/repeatedCheckpoint.ts';
import type { Shape } from './models.ts';

export interface Measured {
  /** Of the full-precision logits of the prompt, relative to the largest. */
  readonly error: number;
  /** How many generated tokens are those of the reference, of how many. */
  readonly agreeing: number;
  readonly generated: number;
  /** Smallest one of int4 logits with those of the reference over int4 weights and int8 activations. */
  readonly cosine: number;
}

/** Rows that a forward computes at a time. */
const CHUNK = 128;
const THREADS = 2;

interface Run {
  /** Of the last rows of the prompt. */
  readonly logits: Float32Array[];
  readonly generated: number[];
}

/** Imports the model in full precision and in int4, runs both, and compares them with the reference. */
export async function measure(shape: Shape): Promise<Measured> {
  const { config, rows } = shape;
  const prompt = Array.from({ length: shape.prompt }, (_, i) => (i * 79 + (i >> 7) * 3 + 13) % 500);
  const folder = await mkdtemp(join(tmpdir(), 'gemma-shapes-'));
  try {
    const source = join(folder, 'checkpoint');
    await writeRepeatedCheckpoint(source, config, 2);
    const full = await run(folder, source, 'f32', prompt, rows, shape.greedy);
    // One pass over prompt and generated tokens: if every next token is the likeliest, the reference writes the same.
    const generated = full.generated;
    const all = new Reference(repeatedModel(config)).append(
      [...prompt, ...generated.slice(0, -1)],
      rows + generated.length - 1,
    );
    const quantized = await run(folder, source, 'q4', prompt, rows, 0);
    const int4 = new Reference(int4Model(repeatedModel(config)), { seen: blockQuantized });
    return {
      error: relativeError(full.logits, all.slice(0, rows)),
      agreeing: generated.filter((token, i) => token === best(all[rows - 1 + i]!)).length,
      generated: generated.length,
      cosine: smallestCosine(quantized.logits, int4.append(prompt, rows)),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(
  folder: string,
  source: string,
  quantization: Quantization,
  prompt: readonly number[],
  rows: number,
  greedy: number,
): Promise<Run> {
  const target = join(folder, quantization);
  await importModel({ source, target, quantization });
  const model = await createNativeBackend().load(target, await readManifest(target), { threads: THREADS });
  const kv = model.createKvBuffer(prompt.length + greedy + 1);
  const width = model.manifest.architecture.vocabSize;
  const before = prompt.length - rows;
  for (let past = 0; past < before; past += CHUNK) {
    await model.forward(kv, past, prompt.slice(past, Math.min(before, past + CHUNK)), 1);
  }
  const flat = (await model.forward(kv, before, prompt.slice(before), rows)).slice();
  const logits = Array.from({ length: rows }, (_, row) => flat.subarray(row * width, (row + 1) * width));
  const generated = [best(logits.at(-1)!)];
  while (generated.length < greedy) {
    const past = prompt.length + generated.length - 1;
    generated.push(best(await model.forward(kv, past, [generated.at(-1)!], 1)));
  }
  kv.dispose();
  await model.dispose();
  await rm(target, { recursive: true });
  return { logits, generated };
}

/** Matrices in blocks of 4 bits, embedding and head of 8, vectors as they are. */
function int4Model({ config, tensors }: ReferenceModel): ReferenceModel {
  const shapes = new Map(checkpointShapes(config).map(({ name, shape }) => [name, shape]));
  return {
    config,
    tensors: {
      get(name) {
        const tensor = tensors.get(name);
        const isVector = /norm\.weight$|layer_scalar$/.test(name);
        if (tensor === undefined || isVector) return tensor;
        const bits = name.endsWith('embed_tokens.weight') ? 8 : 4;
        return { values: throughBlocks(tensor.values, shapes.get(name)!.at(-1)!, bits) };
      },
    },
  };
}

function best(logits: Float32Array | Float64Array): number {
  let found = 0;
  for (let index = 1; index < logits.length; index++) if (logits[index]! > logits[found]!) found = index;
  return found;
}
