import type { Attribute, OnnxInitializer, OnnxNode, OnnxValue } from './onnxWriter.ts';
import type { TensorView, Weight } from './weight.ts';

type Attributes = Readonly<Record<string, Attribute>>;

/** Collects the parts of a graph. A value's name is its output's; the caller keeps them unique. */
export class GraphBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly inputs: OnnxValue[] = [];
  readonly outputs: OnnxValue[] = [];
  readonly constants: OnnxInitializer[] = [];
  readonly weights: Weight[] = [];
  readonly #shared = new Set<string>();

  /** A standard operator with one output. @returns `output` */
  op(type: string, inputs: readonly string[], output: string, attributes: Attributes = {}): string {
    this.nodes.push({ type, domain: '', inputs, outputs: [output], attributes });
    return output;
  }

  /** A com.microsoft operator. @returns its first output */
  contrib(
    type: string,
    inputs: readonly string[],
    output: string,
    attributes: Attributes,
    moreOutputs: readonly string[] = [],
  ): string {
    this.nodes.push({
      type,
      domain: 'com.microsoft',
      inputs,
      outputs: [output, ...moreOutputs],
      attributes,
    });
    return output;
  }

  /** Parts of `value` along its last axis. @returns their names */
  split(value: string, sizes: readonly number[], outputs: readonly string[]): readonly string[] {
    return this.splitBy(value, this.int64(`${value}.sizes`, sizes), outputs);
  }

  /** The same with sizes that are computed or given in a run. */
  splitBy(value: string, sizes: string, outputs: readonly string[]): readonly string[] {
    const attributes = { axis: { int: -1 } };
    this.nodes.push({ type: 'Split', domain: '', inputs: [value, sizes], outputs, attributes });
    return outputs;
  }

  /** A constant vector in the graph file; one of the same name may be asked for again. */
  int64(name: string, values: readonly number[]): string {
    const data = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.#constant({ name, type: 'int64', dims: [values.length], data });
  }

  /** A constant scalar in the graph file; one of the same name may be asked for again. */
  float(name: string, value: number): string {
    return this.#constant({
      name,
      type: 'float32',
      dims: [],
      data: new Uint8Array(Float32Array.of(value).buffer),
    });
  }

  /** A constant vector of floats in the graph file; one of the same name may be asked for again. */
  floats(name: string, values: Float32Array): string {
    const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return this.#constant({ name, type: 'float32', dims: [values.length], data });
  }

  weight(recipe: Weight['recipe'], ...runs: readonly (readonly TensorView[])[]): void {
    this.weights.push({ recipe, runs });
  }

  #constant(initializer: OnnxInitializer): string {
    if (!this.#shared.has(initializer.name)) this.constants.push(initializer);
    this.#shared.add(initializer.name);
    return initializer.name;
  }
}
