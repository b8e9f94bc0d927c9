/**
 * Every generation of the family from its definition (the models `gemma`, `gemma2`, `gemma3` and `gemma4` of
 * huggingface/transformers), in float64. Slow, plain and independent of the importer: what the graphs are compared with.
 */
import { storedBlock } from './dequantize.ts';

/** A mistake that is easily made; the reference can make it, to show that a comparison would notice. */
export type Slip =
  /** The square root of the hidden size as bfloat16 holds it. */
  | 'rounded-embedding-scale'
  /** 1 + weight where the weight itself is meant, and the other way round. */
  | 'other-norm'
  | 'exact-gelu'
  | 'window-plus-one'
  | 'scale-by-head-dim'
  | 'one-theta'
  | 'no-rope-factor'
  /** Gemma 1's `post_attention_layernorm` where its name says. */
  | 'norm-where-it-is-called'
  | 'odd-layers-local'
  | 'no-attention-cap'
  | 'no-logit-cap'
  | 'rotate-all-pairs'
  /** The first dimensions of a head by themselves, instead of the fastest pairs over the whole head. */
  | 'rotate-first-dimensions'
  | 'values-not-normed'
  | 'values-from-normed-keys'
  | 'no-layer-scalar'
  | 'no-table-of-the-layers'
  /** Sharing layers read from the first layers, one after the other. */
  | 'share-in-order';

type Vector = Float64Array;
type Weights = Float32Array;

/** A checkpoint, of which weights are asked for when they are needed. */
export interface ReferenceModel {
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: { get(name: string): { readonly values: Float32Array } | undefined };
}

export interface ReferenceOptions {
  readonly slip?: Slip | undefined;
  /** What a matrix sees of its input: the identity, or a quantization of the activations. */
  readonly seen?: ((input: Vector) => Vector) | undefined;
}

/** Of all positions so far. */
interface Rows {
  readonly keys: Vector[];
  readonly values: Vector[];
}

interface LayerShape {
  readonly isGlobal: boolean;
  readonly headDim: number;
  readonly kvHeads: number;
  /** Whose keys and values are read. */
  readonly source: number;
  readonly valuesFromKeys: boolean;
}

/** Logits of every position of `tokens`. */
export function referenceForward(
  model: ReferenceModel,
  tokens: readonly number[],
  slip?: Slip,
  seen?: (input: Vector) => Vector,
): Vector[] {
  return new Reference(model, { slip, seen }).append(tokens);
}

/** One sequence: tokens are appended, and taken back. */
export class Reference {
  readonly #config: Readonly<Record<string, unknown>>;
  readonly #weights: (name: string) => Weights;
  readonly #slip: Slip | undefined;
  readonly #seen: (input: Vector) => Vector;
  readonly #generation: number;
  readonly #rows: readonly Rows[];
  #length = 0;

  constructor({ config, tensors }: ReferenceModel, { slip, seen = (input) => input }: ReferenceOptions = {}) {
    this.#config = config;
    this.#weights = (name) => {
      const found = tensors.get(name) ?? tensors.get(`model.${name}`);
      if (found === undefined) throw new Error(`No tensor ${name}.`);
      return found.values;
    };
    this.#slip = slip;
    this.#seen = seen;
    this.#generation = Number(/^gemma(\d?)/.exec(String(config['model_type']))?.[1] ?? '') || 1;
    this.#rows = Array.from({ length: this.#number('num_hidden_layers') }, () => ({ keys: [], values: [] }));
  }

  /** Forgets the positions from `length` on. */
  rewind(length: number): void {
    this.#length = length;
    for (const { keys, values } of this.#rows) keys.length = values.length = Math.min(keys.length, length);
  }

  /** @returns logits of the last `rows` of `tokens` */
  append(tokens: readonly number[], rows = tokens.length): Vector[] {
    const embedding = this.#weights('embed_tokens.weight');
    const hiddenSize = this.#number('hidden_size');
    const scale = Math.sqrt(hiddenSize);
    const used = this.#slip === 'rounded-embedding-scale' ? bfloat16(scale) : scale;
    let hidden = tokens.map((token) => scaled(row(embedding, token, hiddenSize), used));
    const ownInputs = this.#ownInputs(tokens, hidden);
    // Beyond the last keys and values nobody asks for the other tokens.
    const lastSource = Math.max(...this.#rows.map((_, layer) => this.#shape(layer).source));
    for (const [layer] of this.#rows.entries()) {
      const wanted = layer < lastSource ? tokens.length : rows;
      hidden = this.#layer(layer, hidden, ownInputs?.[layer]?.slice(-wanted), tokens.length, wanted);
    }
    this.#length += tokens.length;
    const last = hidden.map((x) => this.#norm(x, 'norm.weight'));
    const cap = this.#slip === 'no-logit-cap' ? 0 : Number(this.#config['final_logit_softcapping'] ?? 0);
    return this.#multiply('embed_tokens.weight', last).map((logits) => bounded(logits, cap));
  }

  /**
   * @param ownInput of the wanted tokens
   * @param count tokens that are appended; `input` may be of the last ones alone
   * @param wanted how many of the last tokens' outputs to compute
   */
  #layer(
    layer: number,
    input: readonly Vector[],
    ownInput: readonly Vector[] | undefined,
    count: number,
    wanted: number,
  ): Vector[] {
    const name = (part: string): string => `layers.${layer}.${part}.weight`;
    const hasPostNorms = this.#generation > 1;
    const misplaced = this.#slip === 'norm-where-it-is-called';
    const normed = input.map((x) => this.#norm(x, name('input_layernorm')));
    const attended = this.#multiply(name('self_attn.o_proj'), this.#attention(layer, normed, count, wanted));
    const middle = input
      .slice(-wanted)
      .map((x, i) =>
        add(
          x,
          hasPostNorms || misplaced
            ? this.#norm(attended[i]!, name('post_attention_layernorm'))
            : attended[i]!,
        ),
      );
    const before = hasPostNorms ? 'pre_feedforward_layernorm' : 'post_attention_layernorm';
    const f = misplaced ? middle : middle.map((x) => this.#norm(x, name(before)));
    const gate = this.#multiply(name('mlp.gate_proj'), f);
    const up = this.#multiply(name('mlp.up_proj'), f);
    const gated = gate.map((values, i) => values.map((value, j) => this.#gelu(value) * up[i]![j]!));
    const ffn = this.#multiply(name('mlp.down_proj'), gated);
    let out = middle.map((x, i) =>
      add(x, hasPostNorms ? this.#norm(ffn[i]!, name('post_feedforward_layernorm')) : ffn[i]!),
    );
    if (ownInput !== undefined) {
      const opened = this.#multiply(name('per_layer_input_gate'), out);
      const admitted = opened.map((values, i) =>
        values.map((value, j) => this.#gelu(value) * ownInput[i]![j]!),
      );
      const projected = this.#multiply(name('per_layer_projection'), admitted);
      out = out.map((x, i) => add(x, this.#norm(projected[i]!, name('post_per_layer_input_norm'))));
    }
    if (this.#generation < 4 || this.#slip === 'no-layer-scalar') return out;
    const [scalar = 1] = this.#weights(`layers.${layer}.layer_scalar`);
    return out.map((x) => scaled(x, scalar));
  }

  /** Queries over keys and values, which are added first where the layer has its own. */
  #attention(layer: number, input: readonly Vector[], count: number, wanted: number): Vector[] {
    const name = (part: string): string => `layers.${layer}.self_attn.${part}.weight`;
    const { isGlobal, headDim, kvHeads, source, valuesFromKeys } = this.#shape(layer);
    const hasHeadNorms = this.#generation >= 3;
    const turned = (x: Vector, norm: string, i: number): Vector => {
      const normed = hasHeadNorms ? this.#headNorm(x, headDim, name(norm)) : x;
      return this.#rotate(normed, headDim, this.#length + i, isGlobal);
    };
    if (source === layer) {
      const keys = this.#multiply(name('k_proj'), input);
      const values = valuesFromKeys ? keys : this.#multiply(name('v_proj'), input);
      const { keys: allKeys, values: allValues } = this.#rows[layer]!;
      for (const [i, key] of keys.entries()) {
        allKeys.push(turned(key, 'k_norm', i));
        const raw =
          valuesFromKeys && this.#slip === 'values-from-normed-keys'
            ? this.#headNorm(key, headDim, name('k_norm'))
            : values[i]!;
        const isNormed = this.#generation >= 4 && this.#slip !== 'values-not-normed';
        allValues.push(isNormed ? this.#headNorm(raw, headDim) : raw);
      }
    }
    const first = count - wanted;
    const queries = this.#multiply(name('q_proj'), input.slice(-wanted)).map((x, i) =>
      turned(x, 'q_norm', first + i),
    );
    const window = isGlobal
      ? Infinity
      : this.#number('sliding_window') + (this.#slip === 'window-plus-one' ? 1 : 0);
    const cap = this.#slip === 'no-attention-cap' ? 0 : Number(this.#config['attn_logit_softcapping'] ?? 0);
    const group = this.#number('num_attention_heads') / kvHeads;
    return queries.map((query, i) => {
      const position = this.#length + first + i;
      const oldest = Math.max(0, position - window + 1);
      return attend(
        query,
        this.#rows[source]!,
        oldest,
        position + 1,
        headDim,
        group,
        this.#scale(headDim),
        cap,
      );
    });
  }

  #shape(layer: number): LayerShape {
    const layers = this.#rows.length;
    const isGlobal = this.#isGlobal(layer);
    const isWide = this.#generation === 4 && isGlobal;
    const valuesFromKeys = isWide && this.#config['attention_k_eq_v'] === true;
    const firstShared = layers - Number(this.#config['num_kv_shared_layers'] ?? 0);
    let source = layer;
    if (layer >= firstShared) {
      source = firstShared - 1;
      while (this.#isGlobal(source) !== isGlobal) source--;
      if (this.#slip === 'share-in-order') {
        source = layer - firstShared;
        while (this.#isGlobal(source) !== isGlobal) source++;
      }
    }
    return {
      isGlobal,
      headDim: this.#number(isWide ? 'global_head_dim' : 'head_dim'),
      kvHeads: this.#number(valuesFromKeys ? 'num_global_key_value_heads' : 'num_key_value_heads'),
      source,
      valuesFromKeys,
    };
  }

  #isGlobal(layer: number): boolean {
    if (this.#generation === 1) return true;
    if (this.#generation === 2) return layer % 2 === (this.#slip === 'odd-layers-local' ? 0 : 1);
    const types = this.#config['layer_types'];
    if (Array.isArray(types)) return types[layer] === 'full_attention';
    return (layer + 1) % Number(this.#config['sliding_window_pattern']) === 0;
  }

  #scale(headDim: number): number {
    if (this.#generation === 1 || this.#slip === 'scale-by-head-dim') return headDim ** -0.5;
    return this.#generation === 4 ? 1 : this.#number('query_pre_attn_scalar') ** -0.5;
  }

  /** Rotates pairs (i, i + headDim / 2) of every head. */
  #rotate(x: Vector, headDim: number, position: number, isGlobal: boolean): Vector {
    const { theta, factor, share } = this.#rope(isGlobal);
    const isShort = share < 1 && this.#slip === 'rotate-first-dimensions';
    const width = isShort ? headDim * share : headDim;
    const pairs = Math.floor((headDim / 2) * (this.#slip === 'rotate-all-pairs' ? 1 : share));
    const out = x.slice();
    for (let start = 0; start < x.length; start += headDim) {
      for (let i = 0; i < pairs; i++) {
        const angle = (position / factor) * theta ** ((-2 * i) / width);
        const [a, b] = [x[start + i]!, x[start + i + width / 2]!];
        out[start + i] = a * Math.cos(angle) - b * Math.sin(angle);
        out[start + i + width / 2] = b * Math.cos(angle) + a * Math.sin(angle);
      }
    }
    return out;
  }

  #rope(isGlobal: boolean): { theta: number; factor: number; share: number } {
    const used = isGlobal || this.#slip === 'one-theta';
    if (this.#generation === 4) {
      const byType = record(this.#config['rope_parameters']);
      const own = record(byType[used ? 'full_attention' : 'sliding_attention']);
      return {
        theta: Number(own['rope_theta']),
        factor: 1,
        share: isGlobal ? Number(own['partial_rotary_factor'] ?? 1) : 1,
      };
    }
    if (this.#generation < 3) return { theta: this.#number('rope_theta'), factor: 1, share: 1 };
    const scaling = record(this.#config['rope_scaling']);
    return {
      theta: this.#number(used ? 'rope_theta' : 'rope_local_base_freq'),
      factor: isGlobal && this.#slip !== 'no-rope-factor' ? Number(scaling['factor'] ?? 1) : 1,
      share: 1,
    };
  }

  /** By layer, then by token: what Gemma 4 E2B and E4B tell each layer of a token. */
  #ownInputs(tokens: readonly number[], embedded: readonly Vector[]): Vector[][] | undefined {
    const size = Number(this.#config['hidden_size_per_layer_input'] ?? 0);
    if (this.#generation < 4 || size === 0) return undefined;
    const layers = this.#rows.length;
    const table = this.#weights('embed_tokens_per_layer.weight');
    const projected = this.#multiply('per_layer_model_projection.weight', embedded);
    return Array.from({ length: layers }, (_, layer) =>
      tokens.map((token, i) => {
        const from = layer * size;
        const raw = scaled(
          projected[i]!.slice(from, from + size),
          1 / Math.sqrt(this.#number('hidden_size')),
        );
        const context = this.#norm(raw, 'per_layer_projection_norm.weight');
        if (this.#slip === 'no-table-of-the-layers') return context;
        const named = scaled(row(table, token, layers * size).slice(from, from + size), Math.sqrt(size));
        return scaled(add(context, named), Math.SQRT1_2);
      }),
    );
  }

  #norm(x: Vector, weight: string): Vector {
    const weights = this.#weights(weight);
    const isPlain = (this.#generation === 4) !== (this.#slip === 'other-norm');
    const scale = this.#inverseRms(x);
    return x.map((value, i) => value * scale * (isPlain ? weights[i]! : 1 + weights[i]!));
  }

  #headNorm(x: Vector, headDim: number, weight?: string): Vector {
    const out = new Float64Array(x.length);
    for (let start = 0; start < x.length; start += headDim) {
      const head = x.slice(start, start + headDim);
      out.set(weight === undefined ? scaled(head, this.#inverseRms(head)) : this.#norm(head, weight), start);
    }
    return out;
  }

  #inverseRms(x: Vector): number {
    const mean = x.reduce((total, value) => total + value * value, 0) / x.length;
    return 1 / Math.sqrt(mean + this.#number('rms_norm_eps'));
  }

  #gelu(x: number): number {
    return this.#slip === 'exact-gelu' ? exactGelu(x) : tanhGelu(x);
  }

  #multiply(name: string, inputs: readonly Vector[]): Vector[] {
    return product(this.#weights(name), inputs.map(this.#seen));
  }

  #number(key: string): number {
    return Number(this.#config[key]);
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

/** Of 8 significant bits. */
function bfloat16(value: number): number {
  const step = 2 ** (Math.floor(Math.log2(value)) - 7);
  return Math.round(value / step) * step;
}

function row(matrix: Weights, index: number, length: number): Vector {
  return Float64Array.from(matrix.subarray(index * length, (index + 1) * length));
}

/** Softmax attention of every query head over positions `first` … `end − 1` of its key head. */
function attend(
  q: Vector,
  { keys, values }: Rows,
  first: number,
  end: number,
  headDim: number,
  group: number,
  scale: number,
  cap: number,
): Vector {
  const out = new Float64Array(q.length);
  for (let head = 0; head < q.length / headDim; head++) {
    const from = Math.floor(head / group) * headDim;
    const scores = keys.slice(first, end).map((key) => {
      let dot = 0;
      for (let i = 0; i < headDim; i++) dot += q[head * headDim + i]! * key[from + i]!;
      return dot * scale;
    });
    const limited = bounded(Float64Array.from(scores), cap);
    const largest = limited.reduce((a, b) => Math.max(a, b), -Infinity);
    const weights = limited.map((score) => Math.exp(score - largest));
    const total = weights.reduce((a, b) => a + b);
    for (const [k, weight] of weights.entries()) {
      const value = values[first + k]!;
      for (let i = 0; i < headDim; i++) out[head * headDim + i]! += (weight / total) * value[from + i]!;
    }
  }
  return out;
}

/** matrix [rows, columns] · x for every x */
function product(matrix: Weights, inputs: readonly Vector[]): Vector[] {
  const columns = inputs[0]?.length ?? 1;
  const rows = matrix.length / columns;
  const outputs = inputs.map(() => new Float64Array(rows));
  // Four inputs for every weight that is read: three times as fast.
  for (let i = 0; i < inputs.length; i += 4) {
    const [a, b, c, d] = [0, 1, 2, 3].map((more) => inputs[Math.min(i + more, inputs.length - 1)]!);
    for (let at = 0; at < rows; at++) {
      const start = at * columns;
      let [sumA, sumB, sumC, sumD] = [0, 0, 0, 0];
      for (let k = 0; k < columns; k++) {
        const weight = matrix[start + k]!;
        sumA += weight * a![k]!;
        sumB += weight * b![k]!;
        sumC += weight * c![k]!;
        sumD += weight * d![k]!;
      }
      for (const [more, sum] of [sumA, sumB, sumC, sumD].entries()) {
        if (i + more < inputs.length) outputs[i + more]![at] = sum;
      }
    }
  }
  return outputs;
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

/**
 * `x` in blocks as its matrix has them, with steps of the largest magnitude / 127: what MatMulNBits multiplies at accuracy
 * level 4. In float32, as there, since codes of embeddings often lie half-way between two steps.
 */
export function blockQuantized(x: Vector): Vector {
  const size = storedBlock(x.length);
  return x.map((value, i) => {
    const start = i - (i % size);
    const block = x.subarray(start, start + size);
    const largest = Math.fround(block.reduce((most, other) => Math.max(most, Math.abs(other)), 0));
    if (largest === 0) return 0;
    const steps = Math.fround(Math.fround(value) * Math.fround(127 / largest));
    return roundedToEven(steps) * Math.fround(largest / 127);
  });
}

function roundedToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** cap · tanh(x / cap); 0: as it is. */
function bounded(x: Vector, cap: number): Vector {
  return cap === 0 ? x : x.map((value) => cap * Math.tanh(value / cap));
}

function scaled(x: Vector, factor: number): Vector {
  return x.map((value) => value * factor);
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
