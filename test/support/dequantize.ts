import type { RandomCheckpoint, Tensors } from './checkpoints.ts';
import type { Initializer, OnnxFile } from './onnxFile.ts';

/** A matrix [rows, columns] as the codes in an imported model say, and the largest error its scales allow. */
export interface Dequantized {
  readonly values: Float32Array;
  /** Of each value: half a step; a whole one at the end of the range that has one code less. */
  readonly bounds: Float32Array;
}

/** MatMulNBits and GatherBlockQuantized: (code − zero) · scale, one scale for as many codes as there are for each. */
export function dequantizeBlocks(codes: Initializer, scales: Initializer, bits: 4 | 8): Dequantized {
  const floats = floatsOf(scales);
  const zero = bits === 4 ? 8 : 128;
  const values = new Float32Array((codes.bytes.length * 8) / bits);
  const block = values.length / floats.length;
  const bounds = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const byte = codes.bytes[bits === 4 ? Math.floor(i / 2) : i]!;
    const code = bits === 8 ? byte : i % 2 === 0 ? byte % 16 : Math.floor(byte / 16);
    const scale = floats[Math.floor(i / block)]!;
    values[i] = (code - zero) * scale;
    bounds[i] = Math.abs(scale) * (code === 2 * zero - 1 ? 1 : 0.5) * (1 + 1e-5);
  }
  return { values, bounds };
}

/** DynamicQuantizeMatMul: int8 [columns, rows] with a scale a row. */
export function dequantizeChannels(codes: Initializer, scales: Initializer): Dequantized {
  const [columns = 0, rows = 0] = codes.dims;
  const signed = new Int8Array(codes.bytes.buffer, codes.bytes.byteOffset, codes.bytes.length);
  const floats = floatsOf(scales);
  const values = new Float32Array(rows * columns);
  const bounds = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      values[row * columns + column] = signed[column * rows + row]! * floats[row]!;
      bounds[row * columns + column] = floats[row]! * 0.5 * (1 + 1e-5);
    }
  }
  return { values, bounds };
}

/** The quantized matrices of an imported model by tensor name of the checkpoint. */
export function dequantizedMatrices(
  { initializers }: OnnxFile,
  checkpoint: RandomCheckpoint,
): Map<string, Dequantized> {
  const found = new Map<string, Dequantized>();
  const get = (name: string): Initializer => initializers.get(name)!;
  const matrix = (stem: string): Dequantized =>
    get(`${stem}.codes`).dims.length === 3
      ? dequantizeBlocks(get(`${stem}.codes`), get(`${stem}.scales`), 4)
      : dequantizeChannels(get(`${stem}.codes`), get(`${stem}.scales`));
  /** Of the matrices in `names` the import stacks those that it has. */
  const put = (stem: string, ...names: string[]): void => {
    if (!initializers.has(`${stem}.codes`)) return;
    const { values, bounds } = matrix(stem);
    let from = 0;
    for (const name of names) {
      if (from === values.length) break;
      const to = from + checkpoint.tensors.get(name)!.values.length;
      found.set(name, { values: values.slice(from, to), bounds: bounds.slice(from, to) });
      from = to;
    }
  };
  found.set('model.embed_tokens.weight', embedding(initializers));
  const table = initializers.get('perLayer.embedded.codes');
  if (table !== undefined) {
    const scales = get('perLayer.embedded.scales');
    const bits = get('layers.0.o.codes').dims.length === 3 ? 4 : 8;
    found.set('model.embed_tokens_per_layer.weight', dequantizeBlocks(table, scales, bits));
  }
  put('perLayer.projected', 'model.per_layer_model_projection.weight');
  for (let layer = 0; layer < Number(checkpoint.config['num_hidden_layers']); layer++) {
    const name = (part: string): string => `model.layers.${layer}.${part}.weight`;
    put(`layers.${layer}.qkv`, name('self_attn.q_proj'), name('self_attn.k_proj'), name('self_attn.v_proj'));
    put(`layers.${layer}.o`, name('self_attn.o_proj'));
    put(`layers.${layer}.gateUp`, name('mlp.gate_proj'), name('mlp.up_proj'));
    put(`layers.${layer}.down`, name('mlp.down_proj'));
    put(`layers.${layer}.own.gate`, name('per_layer_input_gate'));
    put(`layers.${layer}.own.projected`, name('per_layer_projection'));
  }
  return found;
}

/** The checkpoint as an import sees it: matrices dequantized, norms as they were. */
export function dequantizedCheckpoint(file: OnnxFile, checkpoint: RandomCheckpoint): RandomCheckpoint {
  const matrices = dequantizedMatrices(file, checkpoint);
  const tensors: Tensors = new Map(
    [...checkpoint.tensors].map(([name, { shape, values }]) => [
      name,
      { shape, values: matrices.get(name)?.values ?? values },
    ]),
  );
  return { ...checkpoint, tensors };
}

function embedding(initializers: OnnxFile['initializers']): Dequantized {
  const whole = initializers.get('embedding.codes');
  if (whole !== undefined) return dequantizeBlocks(whole, initializers.get('embedding.scales')!, 8);
  const parts: Dequantized[] = [];
  for (let index = 0; initializers.has(`embedding.${index}.codes`); index++) {
    const part = (name: string): Initializer => initializers.get(`embedding.${index}.${name}`)!;
    parts.push(dequantizeChannels(part('codes'), part('scales')));
  }
  return {
    values: concatenate(parts.map(({ values }) => values)),
    bounds: concatenate(parts.map(({ bounds }) => bounds)),
  };
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  return Float32Array.from(parts.flatMap((part) => Array.from(part)));
}

function floatsOf({ bytes }: Initializer): Float32Array {
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

/**
 * What blocks of weights with one scale each keep of `values`, in place: the weight of largest magnitude becomes the
 * lowest code, the others the nearest of 2^bits steps.
 */
export function throughBlocks(values: Float32Array, columns: number, bits: 4 | 8): Float32Array {
  const block = storedBlock(columns);
  const lowest = 2 ** (bits - 1);
  for (let start = 0; start < values.length; start += block) {
    let extreme = 0;
    for (let i = start; i < start + block; i++) {
      if (Math.abs(values[i]!) > Math.abs(extreme)) extreme = values[i]!;
    }
    const step = Math.fround(-extreme / lowest);
    if (step === 0) continue;
    for (let i = start; i < start + block; i++) {
      values[i] = Math.min(lowest - 1, Math.round(values[i]! / step)) * step;
    }
  }
  return values;
}

/** Columns with one scale, in matrices and in what is multiplied with them. */
export function storedBlock(columns: number): number {
  if (columns % 128 === 0) return 128;
  return columns % 64 === 0 ? 64 : 32;
}
