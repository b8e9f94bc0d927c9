import { randomBytes } from 'node:crypto';
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importModel } from '../src/inference/importer/importModel.ts';
import { gemmaTokenizer } from '../test/unit/tokenizer/syntheticTokenizer.ts';

/** What time and memory depend on; the numbers of the models' own config.json. */
interface Shape {
  readonly layers: number;
  readonly hidden: number;
  readonly ffn: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly vocab: number;
  /** Every sixth layer sees everything, the others this many positions; null: all layers see everything. */
  readonly window: number | null;
}

export const shapes = {
  /** Gemma 3 270M */
  '270M': {
    layers: 18,
    hidden: 640,
    ffn: 2_048,
    heads: 4,
    kvHeads: 1,
    headDim: 256,
    vocab: 262_144,
    window: 512,
  },
  /** Gemma 1 and 1.1 2B, CodeGemma 2B */
  '2B': {
    layers: 18,
    hidden: 2_048,
    ffn: 16_384,
    heads: 8,
    kvHeads: 1,
    headDim: 256,
    vocab: 256_000,
    window: null,
  },
  /** Gemma 1 and 1.1 7B, CodeGemma 7B */
  '7B': {
    layers: 28,
    hidden: 3_072,
    ffn: 24_576,
    heads: 16,
    kvHeads: 16,
    headDim: 256,
    vocab: 256_000,
    window: null,
  },
} as const satisfies Record<string, Shape>;
export type ShapeName = keyof typeof shapes;

/** Random bytes that are written again and again; so many random numbers would take minutes. */
const RANDOM = randomBytes(8 * 2 ** 20);

/**
 * Imports a model of random weights that says of itself that it was tuned for conversations, to int4, into a new folder
 * of `home`. Its tokenizer knows few characters, its embedding has all rows of the real one.
 *
 * @returns the folder of the imported model
 */
export async function importLargeModel(name: ShapeName, home: string): Promise<string> {
  const source = join(home, `random-${name}`);
  const target = join(home, `imported-${name}`);
  await writeCheckpoint(source, shapes[name]);
  await importModel({ source, target, quantization: 'q4' });
  await rm(source, { recursive: true });
  return target;
}

async function writeCheckpoint(folder: string, shape: Shape): Promise<void> {
  await mkdir(folder);
  const weightMap: Record<string, string> = {};
  const shards: [file: string, tensors: Tensors][] = [
    ['embedding.safetensors', tensorsAround(shape)],
    ...Array.from({ length: shape.layers }, (_, layer): [string, Tensors] => [
      `layer-${layer}.safetensors`,
      tensorsOfLayer(shape, layer),
    ]),
  ];
  for (const [file, tensors] of shards) {
    for (const tensor of Object.keys(tensors)) weightMap[tensor] = file;
    await writeShard(join(folder, file), tensors, 1 / Math.sqrt(shape.hidden));
  }
  const files = {
    'model.safetensors.index.json': { metadata: {}, weight_map: weightMap },
    'config.json': configOf(shape),
    'generation_config.json': { eos_token_id: [1, 106] },
    'tokenizer.json': gemmaTokenizer(
      Array.from('abcdefghijklmnopqrstuvwxyz0123456789.,:;()[]{}=+-*/<>"\'_▁'),
    ),
  };
  for (const [file, content] of Object.entries(files))
    await writeFile(join(folder, file), JSON.stringify(content));
}

function configOf(shape: Shape): unknown {
  const { window } = shape;
  return {
    architectures: ['Gemma3ForCausalLM'],
    model_type: 'gemma3_text',
    vocab_size: shape.vocab,
    hidden_size: shape.hidden,
    intermediate_size: shape.ffn,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.kvHeads,
    head_dim: shape.headDim,
    max_position_embeddings: 8_192,
    query_pre_attn_scalar: shape.headDim,
    sliding_window: window ?? 8_192,
    layer_types: Array.from({ length: shape.layers }, (_, layer) =>
      window === null || layer % 6 === 5 ? 'full_attention' : 'sliding_attention',
    ),
    rope_theta: 10_000,
    rope_local_base_freq: 10_000,
  };
}

/** [rows, columns] of matrices, [size] of norms. */
type Tensors = Readonly<Record<string, readonly number[]>>;

function tensorsAround({ hidden, vocab }: Shape): Tensors {
  return { 'model.embed_tokens.weight': [vocab, hidden], 'model.norm.weight': [hidden] };
}

function tensorsOfLayer({ hidden, ffn, heads, kvHeads, headDim }: Shape, layer: number): Tensors {
  const tensors: Tensors = {
    input_layernorm: [hidden],
    post_attention_layernorm: [hidden],
    pre_feedforward_layernorm: [hidden],
    post_feedforward_layernorm: [hidden],
    'self_attn.q_norm': [headDim],
    'self_attn.k_norm': [headDim],
    'self_attn.q_proj': [heads * headDim, hidden],
    'self_attn.k_proj': [kvHeads * headDim, hidden],
    'self_attn.v_proj': [kvHeads * headDim, hidden],
    'self_attn.o_proj': [hidden, heads * headDim],
    'mlp.gate_proj': [ffn, hidden],
    'mlp.up_proj': [ffn, hidden],
    'mlp.down_proj': [hidden, ffn],
  };
  return Object.fromEntries(
    Object.entries(tensors).map(([name, dims]) => [`model.layers.${layer}.${name}.weight`, dims]),
  );
}

/** A bfloat16 safetensors file: norms are 0, to which Gemma adds 1, matrices are random, ± `size` to twice as much. */
async function writeShard(path: string, tensors: Tensors, size: number): Promise<void> {
  const header: Record<string, unknown> = {};
  let end = 0;
  const parts: [isMatrix: boolean, bytes: number][] = [];
  for (const [name, shape] of Object.entries(tensors)) {
    const bytes = 2 * shape.reduce((a, b) => a * b);
    header[name] = { dtype: 'BF16', shape, data_offsets: [end, (end += bytes)] };
    parts.push([shape.length === 2, bytes]);
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const weights = randomWeights(size);
  const file = await open(path, 'wx');
  try {
    await file.writeFile(Buffer.concat([length, json]));
    for (const [isMatrix, bytes] of parts) {
      const source = isMatrix ? weights : Buffer.alloc(bytes);
      for (let left = bytes; left > 0; left -= source.length) await file.writeFile(source.subarray(0, left));
    }
  } finally {
    await file.close();
  }
}

/** bfloat16 values of random sign and mantissa whose exponent is that of `size`. */
function randomWeights(size: number): Buffer {
  const weights = Buffer.from(RANDOM);
  const exponent = 127 + Math.floor(Math.log2(size));
  for (let at = 0; at < weights.length; at += 2)
    weights.writeUInt16LE((weights.readUInt16LE(at) & 0x80_7f) | (exponent << 7), at);
  return weights;
}
