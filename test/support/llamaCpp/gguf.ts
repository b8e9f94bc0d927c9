import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import type { ReferenceModel } from '../referenceForward.ts';
import { quantizeBlocks } from './ggmlBlocks.ts';

/*
 * GGUF, the file format of llama.cpp (ggml-org/ggml, docs/gguf.md, version 3), and what its converter makes of a Gemma:
 * norms hold 1 + weight, tensors have names of their own, dimensions are counted from the fastest one.
 */

const ALIGNMENT = 32;
const VERSION = 3;

/** Numbers of ggml_type; blocks of 32 values but for the first. */
const ggmlTypes = { F32: 0, Q4_0: 2, Q8_0: 8 } as const;
export type GgmlType = keyof typeof ggmlTypes;
/** Bytes of 32 values. */
const BYTES_OF_32: Record<GgmlType, number> = { F32: 128, Q4_0: 18, Q8_0: 34 };

/** How matrices are stored; norms are F32 always. */
export interface GgufTypes {
  readonly body: GgmlType;
  /** Embedding and head, which are one table. */
  readonly embedding: GgmlType;
}

type Metadata =
  | { readonly type: 'u32' | 'f32' | 'bool'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'f32s' | 'i32s'; readonly value: readonly number[] };

/** A model of Gemma 1, 2 or 3 as a GGUF file. @throws RangeError for other generations */
export async function writeGguf(path: string, model: ReferenceModel, types: GgufTypes): Promise<void> {
  const tensors = tensorsOf(model.config, types);
  const file = createWriteStream(path);
  let position = 0;
  const write = async (bytes: Uint8Array): Promise<void> => {
    position += bytes.length;
    if (!file.write(bytes)) await once(file, 'drain');
  };
  const pad = (): Promise<void> => write(new Uint8Array(-position & (ALIGNMENT - 1)));
  await write(headerOf(metadataOf(model.config), tensors));
  for (const { source, type, isNorm } of tensors) {
    await pad();
    const tensor = model.tensors.get(source);
    if (tensor === undefined) throw new RangeError(`The model has no ${source}.`);
    const values = isNorm ? tensor.values.map((weight) => 1 + weight) : tensor.values;
    for (const bytes of encode(Float32Array.from(values), type)) await write(bytes);
  }
  await pad();
  file.end();
  await once(file, 'close');
}

interface GgufTensor {
  readonly name: string;
  /** In the checkpoint. */
  readonly source: string;
  /** Fastest first. */
  readonly dims: readonly number[];
  readonly type: GgmlType;
  readonly isNorm: boolean;
}

const size = (config: ReferenceModel['config'], key: string): number => Number(config[key]);

function tensorsOf(config: ReferenceModel['config'], { body, embedding }: GgufTypes): GgufTensor[] {
  const hidden = size(config, 'hidden_size');
  const ffn = size(config, 'intermediate_size');
  const headDim = size(config, 'head_dim');
  const queries = size(config, 'num_attention_heads') * headDim;
  const keys = size(config, 'num_key_value_heads') * headDim;
  const generation = architectureOf(config);
  const tensors: GgufTensor[] = [];
  const norm = (name: string, source: string, length: number): void => {
    tensors.push({ name, source, dims: [length], type: 'F32', isNorm: true });
  };
  const matrix = (name: string, source: string, columns: number, rows: number, type = body): void => {
    tensors.push({ name, source, dims: [columns, rows], type, isNorm: false });
  };
  matrix('token_embd.weight', 'model.embed_tokens.weight', hidden, size(config, 'vocab_size'), embedding);
  for (let layer = 0; layer < size(config, 'num_hidden_layers'); layer++) {
    const to = (part: string): string => `blk.${layer}.${part}.weight`;
    const from = (part: string): string => `model.layers.${layer}.${part}.weight`;
    norm(to('attn_norm'), from('input_layernorm'), hidden);
    if (generation === 'gemma') {
      norm(to('ffn_norm'), from('post_attention_layernorm'), hidden);
    } else {
      norm(to('post_attention_norm'), from('post_attention_layernorm'), hidden);
      norm(to('ffn_norm'), from('pre_feedforward_layernorm'), hidden);
      norm(to('post_ffw_norm'), from('post_feedforward_layernorm'), hidden);
    }
    if (generation === 'gemma3') {
      norm(to('attn_q_norm'), from('self_attn.q_norm'), headDim);
      norm(to('attn_k_norm'), from('self_attn.k_norm'), headDim);
    }
    matrix(to('attn_q'), from('self_attn.q_proj'), hidden, queries);
    matrix(to('attn_k'), from('self_attn.k_proj'), hidden, keys);
    matrix(to('attn_v'), from('self_attn.v_proj'), hidden, keys);
    matrix(to('attn_output'), from('self_attn.o_proj'), queries, hidden);
    matrix(to('ffn_gate'), from('mlp.gate_proj'), hidden, ffn);
    matrix(to('ffn_up'), from('mlp.up_proj'), hidden, ffn);
    matrix(to('ffn_down'), from('mlp.down_proj'), ffn, hidden);
  }
  norm('output_norm.weight', 'model.norm.weight', hidden);
  return tensors;
}

/** llama.cpp's name of the generation. */
function architectureOf(config: ReferenceModel['config']): string {
  const architecture = new Map([
    ['gemma', 'gemma'],
    ['gemma2', 'gemma2'],
    ['gemma3_text', 'gemma3'],
  ]).get(String(config['model_type']));
  if (architecture === undefined)
    throw new RangeError(`No GGUF is written of ${String(config['model_type'])}.`);
  return architecture;
}

function metadataOf(config: ReferenceModel['config']): Record<string, Metadata> {
  const architecture = architectureOf(config);
  const number = (key: string): Metadata => ({ type: 'u32', value: size(config, key) });
  const real = (key: string): Metadata => ({ type: 'f32', value: size(config, key) });
  const own: Record<string, Metadata> = {
    context_length: number('max_position_embeddings'),
    embedding_length: number('hidden_size'),
    block_count: number('num_hidden_layers'),
    feed_forward_length: number('intermediate_size'),
    'attention.head_count': number('num_attention_heads'),
    'attention.head_count_kv': number('num_key_value_heads'),
    'attention.key_length': number('head_dim'),
    'attention.value_length': number('head_dim'),
    'attention.layer_norm_rms_epsilon': real('rms_norm_eps'),
    'rope.freq_base': real('rope_theta'),
    ...(architecture === 'gemma' ? {} : { 'attention.sliding_window': number('sliding_window') }),
    ...(architecture === 'gemma2'
      ? {
          attn_logit_softcapping: real('attn_logit_softcapping'),
          final_logit_softcapping: real('final_logit_softcapping'),
        }
      : {}),
    ...ropeScaling(config['rope_scaling']),
  };
  return {
    'general.architecture': { type: 'string', value: architecture },
    ...Object.fromEntries(Object.entries(own).map(([key, value]) => [`${architecture}.${key}`, value])),
    ...tokenizer(size(config, 'vocab_size')),
  };
}

function ropeScaling(scaling: unknown): Record<string, Metadata> {
  if (typeof scaling !== 'object' || scaling === null || !('factor' in scaling)) return {};
  return {
    'rope.scaling.type': { type: 'string', value: 'linear' },
    'rope.scaling.factor': { type: 'f32', value: Number(scaling.factor) },
  };
}

/** llama_token_type */
const tokenTypes = { normal: 1, unknown: 2, control: 3, byte: 6 } as const;

/** Control tokens, the 256 bytes, and as many pieces as the embedding has rows beyond. */
function tokenizer(rows: number): Record<string, Metadata> {
  const pieces: [string, number][] = [
    ['<pad>', tokenTypes.control],
    ['<eos>', tokenTypes.control],
    ['<bos>', tokenTypes.control],
    ['<unk>', tokenTypes.unknown],
    ...Array.from({ length: 256 }, (_, byte): [string, number] => [
      `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
      tokenTypes.byte,
    ]),
  ];
  while (pieces.length < rows) pieces.push([`piece${pieces.length}`, tokenTypes.normal]);
  return {
    'tokenizer.ggml.model': { type: 'string', value: 'llama' },
    'tokenizer.ggml.tokens': { type: 'strings', value: pieces.map(([piece]) => piece) },
    'tokenizer.ggml.scores': { type: 'f32s', value: pieces.map((_, id) => -id) },
    'tokenizer.ggml.token_type': { type: 'i32s', value: pieces.map(([, type]) => type) },
    'tokenizer.ggml.bos_token_id': { type: 'u32', value: 2 },
    'tokenizer.ggml.eos_token_id': { type: 'u32', value: 1 },
    'tokenizer.ggml.unknown_token_id': { type: 'u32', value: 3 },
    'tokenizer.ggml.padding_token_id': { type: 'u32', value: 0 },
    'tokenizer.ggml.add_bos_token': { type: 'bool', value: 0 },
  };
}

/** Values of gguf_metadata_value_type. */
const valueTypes = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;

function headerOf(metadata: Record<string, Metadata>, tensors: readonly GgufTensor[]): Uint8Array {
  const parts: Buffer[] = [];
  const entries = Object.entries(metadata);
  parts.push(Buffer.from('GGUF'), u32(VERSION), u64(tensors.length), u64(entries.length));
  for (const [key, entry] of entries) parts.push(string(key), Buffer.concat(valueOf(entry)));
  let offset = 0;
  for (const { name, dims, type } of tensors) {
    parts.push(string(name), u32(dims.length), ...dims.map(u64), u32(ggmlTypes[type]), u64(offset));
    const bytes = (dims.reduce((a, b) => a * b) / 32) * BYTES_OF_32[type];
    offset += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
  }
  return Buffer.concat(parts);
}

function valueOf(entry: Metadata): Buffer[] {
  switch (entry.type) {
    case 'string':
      return [u32(valueTypes.string), string(entry.value)];
    case 'strings':
      return [...arrayStart('string', entry.value.length), ...entry.value.map(string)];
    case 'f32s':
      return [...arrayStart('f32', entry.value.length), ...entry.value.map(f32)];
    case 'i32s':
      return [...arrayStart('i32', entry.value.length), ...entry.value.map(u32)];
    case 'u32':
      return [u32(valueTypes.u32), u32(entry.value)];
    case 'f32':
      return [u32(valueTypes.f32), f32(entry.value)];
    case 'bool':
      return [u32(valueTypes.bool), Buffer.of(entry.value)];
    default:
      return entry satisfies never;
  }
}

function arrayStart(type: keyof typeof valueTypes, length: number): Buffer[] {
  return [u32(valueTypes.array), u32(valueTypes[type]), u64(length)];
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function string(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

/** In pieces, so that a large matrix isn't in memory twice. */
function* encode(values: Float32Array, type: GgmlType): Generator<Uint8Array> {
  const PIECE = 2 ** 20;
  for (let start = 0; start < values.length; start += PIECE) {
    const piece = values.subarray(start, start + PIECE);
    yield type === 'F32'
      ? new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength)
      : quantizeBlocks(piece, type);
  }
}
