import { randomBytes } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Gemma 1 2B's and CodeGemma 2B's shape; the vocabulary is as small as the bytes' tokenizer. */
const LAYERS = 18;
const HIDDEN = 2_048;
const FFN = 16_384;
const HEADS = 8;
const HEAD_DIM = 256;
const VOCAB = 320;

/** In bfloat16; what is written again and again, because so many random numbers would take minutes. */
const BLOCK = randomWeights(4 * 2 ** 20);

type Shapes = readonly (readonly [name: string, shape: readonly number[]])[];

/** Writes a checkpoint of 2 billion random weights to the new folder `folder`: 4 GB. */
export async function writeLargeCheckpoint(folder: string): Promise<void> {
  await mkdir(folder);
  const weightMap: Record<string, string> = {};
  const write = async (shard: string, tensors: Shapes): Promise<void> => {
    for (const [name] of tensors) weightMap[name] = shard;
    await writeShard(join(folder, shard), tensors);
  };
  await write('model-00000.safetensors', [
    ['model.norm.weight', [HIDDEN]],
    ['model.embed_tokens.weight', [VOCAB, HIDDEN]],
  ]);
  for (let layer = 0; layer < LAYERS; layer++)
    await write(`model-${String(layer + 1).padStart(5, '0')}.safetensors`, layerShapes(layer));
  const index = JSON.stringify({ metadata: {}, weight_map: weightMap });
  await writeFile(join(folder, 'model.safetensors.index.json'), index);
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(byteTokenizer()));
}

const config = {
  architectures: ['Gemma3ForCausalLM'],
  model_type: 'gemma3_text',
  vocab_size: VOCAB,
  hidden_size: HIDDEN,
  intermediate_size: FFN,
  num_hidden_layers: LAYERS,
  num_attention_heads: HEADS,
  num_key_value_heads: 1,
  head_dim: HEAD_DIM,
  max_position_embeddings: 8_192,
  query_pre_attn_scalar: HEAD_DIM,
  layer_types: Array<string>(LAYERS).fill('full_attention'),
  rope_theta: 10_000,
};

function layerShapes(layer: number): Shapes {
  const shapes: Shapes = [
    ['input_layernorm', [HIDDEN]],
    ['post_attention_layernorm', [HIDDEN]],
    ['pre_feedforward_layernorm', [HIDDEN]],
    ['post_feedforward_layernorm', [HIDDEN]],
    ['self_attn.q_norm', [HEAD_DIM]],
    ['self_attn.k_norm', [HEAD_DIM]],
    ['self_attn.q_proj', [HEADS * HEAD_DIM, HIDDEN]],
    ['self_attn.k_proj', [HEAD_DIM, HIDDEN]],
    ['self_attn.v_proj', [HEAD_DIM, HIDDEN]],
    ['self_attn.o_proj', [HIDDEN, HEADS * HEAD_DIM]],
    ['mlp.gate_proj', [FFN, HIDDEN]],
    ['mlp.up_proj', [FFN, HIDDEN]],
    ['mlp.down_proj', [HIDDEN, FFN]],
  ];
  return shapes.map(([name, shape]) => [`model.layers.${layer}.${name}.weight`, shape]);
}

/** A safetensors file; norms, which are vectors, are 0 (Gemma adds 1), matrices are random. */
async function writeShard(path: string, tensors: Shapes): Promise<void> {
  const header: Record<string, unknown> = {};
  let offset = 0;
  for (const [name, shape] of tensors) {
    header[name] = { dtype: 'BF16', shape, data_offsets: [offset, offset + bytesOf(shape)] };
    offset += bytesOf(shape);
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const file = await open(path, 'wx');
  try {
    await file.writeFile(Buffer.concat([length, json]));
    for (const [, shape] of tensors) {
      const source = shape.length === 1 ? Buffer.alloc(bytesOf(shape)) : BLOCK;
      for (let left = bytesOf(shape); left > 0; left -= source.length)
        await file.writeFile(source.subarray(0, left));
    }
  } finally {
    await file.close();
  }
}

function bytesOf(shape: readonly number[]): number {
  return 2 * shape.reduce((a, b) => a * b);
}

/** ±0.016 to ±0.031, around 1/√HIDDEN: products stay near one. */
function randomWeights(bytes: number): Buffer {
  const block = randomBytes(bytes);
  for (let at = 0; at < bytes; at += 2)
    block.writeUInt16LE((block.readUInt16LE(at) & 0x80_7f) | (121 << 7), at);
  return block;
}

/** A tokenizer.json of Gemma's form: every character is a token. */
function byteTokenizer(): unknown {
  const control = ['<pad>', '<eos>', '<bos>', '<unk>'];
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  );
  return {
    added_tokens: control.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: { type: 'Replace', pattern: { String: ' ' }, content: '\u2581' },
    pre_tokenizer: null,
    post_processor: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '\u2581' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
      ],
    },
    model: {
      type: 'BPE',
      unk_token: '<unk>',
      fuse_unk: true,
      byte_fallback: true,
      vocab: Object.fromEntries([...control, ...bytes, '\u2581'].map((piece, id) => [piece, id])),
      merges: [],
    },
  };
}
