import type { RandomCheckpoint } from './checkpoints.ts';

/**
 * Gemma 3 from its definition (Gemma3ForCausalLM of huggingface/transformers), in float64, one position after the
 * other. Slow, plain and independent of the importer: what the graphs are compared with.
 */

/** A mistake that is easily made; the reference can make it, to show that a comparison would notice. */
export type Slip =
  | 'norm-by-weight'
  | 'exact-gelu'
  | 'window-plus-one'
  | 'scale-by-head-dim'
  | 'one-theta'
  | 'no-rope-factor';

type Vector = Float64Array;

interface Layer {
  readonly inputNorm: Float32Array;
  readonly postAttentionNorm: Float32Array;
  readonly preFfnNorm: Float32Array;
  readonly postFfnNorm: Float32Array;
  readonly qNorm: Float32Array;
  readonly kNorm: Float32Array;
  readonly q: Float32Array;
  readonly k: Float32Array;
  readonly v: Float32Array;
  readonly o: Float32Array;
  readonly gate: Float32Array;
  readonly up: Float32Array;
  readonly down: Float32Array;
  /** Of all positions so far. */
  readonly keys: Vector[];
  readonly values: Vector[];
}

/**
 * Logits of every position of `tokens`.
 *
 * @param seen what a matrix sees of its input: the identity, or a quantization of the activations
 */
export function referenceForward(
  { config, tensors }: Pick<RandomCheckpoint, 'config' | 'tensors'>,
  tokens: readonly number[],
  slip?: Slip,
  seen: (input: Vector) => Vector = (input) => input,
): Vector[] {
  const multiply = (matrix: Float32Array, input: Vector): Vector => product(matrix, seen(input));
  const number = (key: string): number => Number(config[key]);
  const tensor = (name: string): Float32Array => {
    const found = tensors.get(name) ?? tensors.get(`model.${name}`);
    if (found === undefined) throw new Error(`No tensor ${name}.`);
    return found.values;
  };
  const hiddenSize = number('hidden_size');
  const heads = number('num_attention_heads');
  const kvHeads = number('num_key_value_heads');
  const headDim = number('head_dim');
  const epsilon = number('rms_norm_eps');
  const embedding = tensor('embed_tokens.weight');
  const finalNorm = tensor('norm.weight');
  const layers = Array.from({ length: number('num_hidden_layers') }, (_, index): Layer => {
    const part = (name: string): Float32Array => tensor(`layers.${index}.${name}.weight`);
    return {
      inputNorm: part('input_layernorm'),
      postAttentionNorm: part('post_attention_layernorm'),
      preFfnNorm: part('pre_feedforward_layernorm'),
      postFfnNorm: part('post_feedforward_layernorm'),
      qNorm: part('self_attn.q_norm'),
      kNorm: part('self_attn.k_norm'),
      q: part('self_attn.q_proj'),
      k: part('self_attn.k_proj'),
      v: part('self_attn.v_proj'),
      o: part('self_attn.o_proj'),
      gate: part('mlp.gate_proj'),
      up: part('mlp.up_proj'),
      down: part('mlp.down_proj'),
      keys: [],
      values: [],
    };
  });
  const norm = (x: Vector, weight: Float32Array): Vector => {
    const mean = x.reduce((total, value) => total + value * value, 0) / x.length;
    const scale = 1 / Math.sqrt(mean + epsilon);
    return x.map((value, i) => value * scale * (slip === 'norm-by-weight' ? weight[i]! : 1 + weight[i]!));
  };
  const headNorm = (x: Vector, weight: Float32Array): Vector => {
    const out = new Float64Array(x.length);
    for (let start = 0; start < x.length; start += headDim) {
      out.set(norm(x.slice(start, start + headDim), weight), start);
    }
    return out;
  };
  const gelu = slip === 'exact-gelu' ? exactGelu : tanhGelu;
  const scale = (slip === 'scale-by-head-dim' ? headDim : number('query_pre_attn_scalar')) ** -0.5;
  const factor = scalingFactor(config['rope_scaling']);

  return tokens.map((token, position) => {
    let x: Vector = Float64Array.from(
      embedding.subarray(token * hiddenSize, (token + 1) * hiddenSize),
      (value) => value * Math.sqrt(hiddenSize),
    );
    for (const [index, layer] of layers.entries()) {
      const isGlobal = isGlobalLayer(config, index);
      const theta = number(isGlobal || slip === 'one-theta' ? 'rope_theta' : 'rope_local_base_freq');
      const at = isGlobal && slip !== 'no-rope-factor' ? position / factor : position;
      const h = norm(x, layer.inputNorm);
      const q = rotate(headNorm(multiply(layer.q, h), layer.qNorm), headDim, at, theta);
      layer.keys.push(rotate(headNorm(multiply(layer.k, h), layer.kNorm), headDim, at, theta));
      layer.values.push(multiply(layer.v, h));
      const window = number('sliding_window') + (slip === 'window-plus-one' ? 1 : 0);
      const first = isGlobal ? 0 : Math.max(0, position - window + 1);
      const attended = attend(q, layer, first, headDim, heads / kvHeads, scale);
      x = add(x, norm(multiply(layer.o, attended), layer.postAttentionNorm));
      const f = norm(x, layer.preFfnNorm);
      const up = multiply(layer.up, f);
      const gated = multiply(layer.gate, f).map((value, i) => gelu(value) * up[i]!);
      x = add(x, norm(multiply(layer.down, gated), layer.postFfnNorm));
    }
    return multiply(embedding, norm(x, finalNorm));
  });
}

/** From `layer_types`, or every `sliding_window_pattern`-th. */
function isGlobalLayer(config: Record<string, unknown>, index: number): boolean {
  const types = config['layer_types'];
  if (Array.isArray(types)) return types[index] === 'full_attention';
  return (index + 1) % Number(config['sliding_window_pattern']) === 0;
}

function scalingFactor(scaling: unknown): number {
  const isScaling = typeof scaling === 'object' && scaling !== null && 'factor' in scaling;
  return isScaling ? Number(scaling.factor) : 1;
}

/** Softmax attention of every query head over positions `first` … of its key head. */
function attend(
  q: Vector,
  { keys, values }: Layer,
  first: number,
  headDim: number,
  group: number,
  scale: number,
): Vector {
  const out = new Float64Array(q.length);
  for (let head = 0; head < q.length / headDim; head++) {
    const from = Math.floor(head / group) * headDim;
    const scores = keys.slice(first).map((key) => {
      let dot = 0;
      for (let i = 0; i < headDim; i++) dot += q[head * headDim + i]! * key[from + i]!;
      return dot * scale;
    });
    const largest = Math.max(...scores);
    const weights = scores.map((score) => Math.exp(score - largest));
    const total = weights.reduce((a, b) => a + b);
    for (const [k, weight] of weights.entries()) {
      for (let i = 0; i < headDim; i++) {
        out[head * headDim + i]! += (weight / total) * values[first + k]![from + i]!;
      }
    }
  }
  return out;
}

/** Rotates the pairs (i, i + headDim / 2) of every head. */
function rotate(x: Vector, headDim: number, position: number, theta: number): Vector {
  const out = new Float64Array(x.length);
  const half = headDim / 2;
  for (let start = 0; start < x.length; start += headDim) {
    for (let i = 0; i < half; i++) {
      const angle = position * theta ** ((-2 * i) / headDim);
      const a = x[start + i]!;
      const b = x[start + i + half]!;
      out[start + i] = a * Math.cos(angle) - b * Math.sin(angle);
      out[start + i + half] = b * Math.cos(angle) + a * Math.sin(angle);
    }
  }
  return out;
}

/** matrix [rows, x.length] · x */
function product(matrix: Float32Array, x: Vector): Vector {
  const out = new Float64Array(matrix.length / x.length);
  for (let row = 0; row < out.length; row++) {
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += matrix[row * x.length + i]! * x[i]!;
    out[row] = sum;
  }
  return out;
}

/**
 * `x` in 256 steps between its smallest and largest value, zero among them: what DynamicQuantizeMatMul multiplies.
 * (DynamicQuantizeLinear of onnx/onnx.)
 */
export function dynamicallyQuantized(x: Vector): Vector {
  const low = Math.min(0, ...x);
  const scale = (Math.max(0, ...x) - low) / 255;
  const zero = Math.round(-low / scale);
  return x.map((value) => (Math.min(255, Math.max(0, Math.round(value / scale) + zero)) - zero) * scale);
}

function add(a: Vector, b: Vector): Vector {
  return a.map((value, i) => value + b[i]!);
}

function tanhGelu(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044_715 * x ** 3)));
}

/** x · Φ(x), the error function integrated by Simpson's rule. */
function exactGelu(x: number): number {
  const steps = 200;
  const h = x / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
    sum += weight * Math.exp(-((i * h) ** 2) / 2);
  }
  return x * (0.5 + ((h / 3) * sum) / Math.sqrt(2 * Math.PI));
}
