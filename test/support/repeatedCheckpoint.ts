import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { byteTokenizer, gaussian, toBfloat16 } from './checkpoints.ts';
import { checkpointShapes, type RandomTensor } from './checkpointShapes.ts';
import type { ReferenceModel } from './referenceForward.ts';

/** A prime, so that no two rows of a matrix are the same. */
const BLOCK = 1_048_573;

type Config = Record<string, unknown>;

const normal = gaussian(17);
/** Standard normal numbers as bfloat16 holds them. */
const block = Float32Array.from({ length: BLOCK }, () => rounded(normal()));

/**
 * A model of true size. Its matrices hold one random block over and over, since drawing every number would take minutes;
 * weights are made when they are asked for, so that no more than one matrix is in memory.
 */
export function repeatedModel(config: Config): ReferenceModel {
  const tensors = new Map(checkpointShapes(config).map((tensor) => [tensor.name, tensor]));
  return {
    config,
    tensors: {
      get(name) {
        const tensor = tensors.get(name);
        return tensor && { values: valuesOf(tensor) };
      },
    },
  };
}

/** The same model as a Hugging Face folder in bfloat16, in `shards` files. */
export async function writeRepeatedCheckpoint(folder: string, config: Config, shards: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(byteTokenizer()));
  const tensors = checkpointShapes(config);
  const weightMap: Record<string, string> = {};
  for (let shard = 0; shard < shards; shard++) {
    const name = `model-${shard + 1}-of-${shards}.safetensors`;
    const part = tensors.filter((_, index) => index % shards === shard);
    for (const tensor of part) weightMap[tensor.name] = name;
    await writeShard(join(folder, name), part);
  }
  await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: weightMap }));
}

async function writeShard(path: string, tensors: readonly RandomTensor[]): Promise<void> {
  let offset = 0;
  const entries = tensors.map((tensor) => {
    const start = offset;
    offset += 2 * lengthOf(tensor);
    return [tensor.name, { dtype: 'BF16', shape: tensor.shape, data_offsets: [start, offset] }];
  });
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const file = await open(path, 'w');
  try {
    await file.write(Buffer.concat([length, json]));
    for (const tensor of tensors) {
      const period = bfloat16(periodOf(tensor));
      const end = lengthOf(tensor);
      for (let done = 0; done < end; done += BLOCK) await file.write(period.subarray(0, end - done));
    }
  } finally {
    await file.close();
  }
}

function lengthOf({ shape }: RandomTensor): number {
  return shape.reduce((a, b) => a * b);
}

/** All values; bfloat16 holds every one exactly. */
function valuesOf(tensor: RandomTensor): Float32Array {
  const period = periodOf(tensor);
  const values = new Float32Array(lengthOf(tensor));
  for (let done = 0; done < values.length; done += period.length) {
    values.set(period.subarray(0, Math.min(period.length, values.length - done)), done);
  }
  return values;
}

/** What the tensor repeats: the block, from another place on and in another scale for each. */
function periodOf(tensor: RandomTensor): Float32Array {
  const { name, shape, mean, spread } = tensor;
  const start = Buffer.from(name).reduce((hash, byte) => (hash * 31 + byte) % BLOCK, 7);
  const turned = new Float32Array(Math.min(BLOCK, lengthOf(tensor)));
  const head = block.subarray(start, start + turned.length);
  turned.set(head);
  turned.set(block.subarray(0, turned.length - head.length), head.length);
  if (shape.length === 1) return turned.map((value) => rounded(mean + spread * value));
  const scale = 2 ** Math.round(Math.log2(spread));
  return turned.map((value) => value * scale);
}

function rounded(value: number): number {
  return new Float32Array(Uint32Array.of(toBfloat16(value) << 16).buffer)[0]!;
}

/** The upper halves of the values, which are all that isn't zero. */
function bfloat16(values: Float32Array): Uint16Array {
  const halves = new Uint16Array(values.buffer);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = halves[2 * i + 1]!;
  return out;
}
