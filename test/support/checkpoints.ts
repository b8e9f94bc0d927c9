import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkpointShapes } from './checkpointShapes.ts';

/** Numbers of a tiny Gemma 3; what is left out has an ordinary value. */
export interface TinyConfig {
  readonly layers?: number;
  readonly hiddenSize?: number;
  readonly ffnSize?: number;
  readonly heads?: number;
  readonly kvHeads?: number;
  readonly headDim?: number;
  readonly vocabSize?: number;
  readonly maxPositions?: number;
  readonly window?: number;
  /** Every n-th layer attends to everything. */
  readonly pattern?: number;
  readonly queryPreAttentionScalar?: number;
  readonly localTheta?: number;
  readonly globalTheta?: number;
  readonly globalFactor?: number;
}

export type Dtype = 'F32' | 'BF16' | 'F16';

/** float32 values with a shape, by the name in the checkpoint. */
export type Tensors = Map<string, { readonly shape: readonly number[]; readonly values: Float32Array }>;

export interface RandomCheckpoint {
  readonly config: Record<string, unknown>;
  readonly tensors: Tensors;
  readonly tokenizer: unknown;
}

/** A config.json of Gemma3ForCausalLM. Heads · headDim differs from hiddenSize, q-scalar from headDim: both on purpose. */
export function tinyConfig(tiny: TinyConfig = {}): Record<string, unknown> {
  const factor = tiny.globalFactor ?? 1;
  return {
    architectures: ['Gemma3ForCausalLM'],
    model_type: 'gemma3_text',
    vocab_size: tiny.vocabSize ?? 320,
    hidden_size: tiny.hiddenSize ?? 64,
    intermediate_size: tiny.ffnSize ?? 96,
    num_hidden_layers: tiny.layers ?? 3,
    num_attention_heads: tiny.heads ?? 4,
    num_key_value_heads: tiny.kvHeads ?? 2,
    head_dim: tiny.headDim ?? 32,
    hidden_activation: 'gelu_pytorch_tanh',
    max_position_embeddings: tiny.maxPositions ?? 128,
    rms_norm_eps: 1e-6,
    query_pre_attn_scalar: tiny.queryPreAttentionScalar ?? 24,
    sliding_window: tiny.window ?? 8,
    sliding_window_pattern: tiny.pattern ?? 3,
    rope_theta: tiny.globalTheta ?? 1_000_000,
    rope_local_base_freq: tiny.localTheta ?? 10_000,
    rope_scaling: factor === 1 ? null : { rope_type: 'linear', factor },
    attn_logit_softcapping: null,
    final_logit_softcapping: null,
    attention_bias: false,
    tie_word_embeddings: true,
  };
}

/** A tiny Gemma 3 with random weights: the same numbers and seed always give the same one. */
export function randomCheckpoint(tiny: TinyConfig = {}, seed = 1): RandomCheckpoint {
  return randomWeights(tinyConfig(tiny), seed);
}

/** A checkpoint of any generation with random weights: the same config and seed always give the same one. */
export function randomWeights(config: Record<string, unknown>, seed = 1): RandomCheckpoint {
  const normal = gaussian(seed);
  const tensors: Tensors = new Map(
    checkpointShapes(config).map(({ name, shape, mean, spread }) => {
      const length = shape.reduce((a, b) => a * b);
      return [name, { shape, values: Float32Array.from({ length }, () => mean + spread * normal()) }];
    }),
  );
  return { config, tensors, tokenizer: byteTokenizer() };
}

/** A tokenizer.json of Gemma's form with 261 tokens: four control tokens, the bytes and the space. */
export function byteTokenizer(): unknown {
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

/** Writes the checkpoint in Hugging Face layout, in `shards` safetensors files. */
export async function writeCheckpoint(
  folder: string,
  { config, tensors, tokenizer }: RandomCheckpoint,
  { dtype = 'F32', shards = 1 }: { readonly dtype?: Dtype; readonly shards?: number } = {},
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  if (shards === 1) {
    await writeFile(join(folder, 'model.safetensors'), safetensors(tensors, dtype));
    return;
  }
  const weightMap: Record<string, string> = {};
  const parts = Array.from({ length: shards }, (): Tensors => new Map());
  for (const [index, [name, tensor]] of [...tensors].entries()) {
    const shard = index % shards;
    parts[shard]!.set(name, tensor);
    weightMap[name] = shardName(shard, shards);
  }
  for (const [shard, part] of parts.entries()) {
    await writeFile(join(folder, shardName(shard, shards)), safetensors(part, dtype));
  }
  await writeFile(
    join(folder, 'model.safetensors.index.json'),
    JSON.stringify({ metadata: {}, weight_map: weightMap }),
  );
}

const pad = (value: number): string => String(value).padStart(5, '0');

function shardName(shard: number, shards: number): string {
  return `model-${pad(shard + 1)}-of-${pad(shards)}.safetensors`;
}

/** A safetensors file. */
export function safetensors(tensors: Tensors, dtype: Dtype): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  const data: Buffer[] = [];
  let offset = 0;
  for (const [name, { shape, values }] of tensors) {
    const bytes = encodeFloats(values, dtype);
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
    data.push(bytes);
  }
  return safetensorsFile(JSON.stringify(header), Buffer.concat(data));
}

/** A safetensors file with any header, sound or not. */
export function safetensorsFile(header: string | Uint8Array, data: Uint8Array): Uint8Array {
  const json = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, data]);
}

function encodeFloats(values: Float32Array, dtype: Dtype): Buffer {
  if (dtype === 'F32') return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const bytes = Buffer.alloc(2 * values.length);
  const encode = dtype === 'BF16' ? toBfloat16 : toFloat16;
  for (let i = 0; i < values.length; i++) bytes.writeUInt16LE(encode(values[i]!), 2 * i);
  return bytes;
}

const float = new Float32Array(1);
const floatBits = new Uint32Array(float.buffer);

/** Rounds to nearest, ties to even. */
export function toBfloat16(value: number): number {
  float[0] = value;
  const bits = floatBits[0]!;
  return ((bits + 0x7f_ff + ((bits >>> 16) & 1)) >>> 16) & 0xff_ff;
}

/** Rounds to nearest, ties away from zero; the value must be within the range of float16. */
export function toFloat16(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x80_00 : 0;
  const magnitude = Math.abs(value);
  if (magnitude < 2 ** -14) return sign | Math.round(magnitude * 2 ** 24);
  const exponent = Math.floor(Math.log2(magnitude));
  // A fraction that rounds up to 1,024 carries into the exponent by itself.
  return sign | (((exponent + 15) << 10) + Math.round((magnitude / 2 ** exponent - 1) * 1_024));
}

/** Standard normal numbers (Box–Muller over a linear congruential generator). */
export function gaussian(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}
