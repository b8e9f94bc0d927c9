import { ProtobufWriter } from './protobuf.ts';

/** Values of TensorProto.DataType. */
export const elementTypes = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const;
export type ElementType = keyof typeof elementTypes;

export type Attribute =
  | { readonly float: number }
  | { readonly int: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] };

export interface OnnxNode {
  readonly type: string;
  /** Empty: the standard operators. */
  readonly domain: '' | 'com.microsoft';
  /** '' stands for an omitted optional input. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A graph input or output; a string dimension is symbolic. */
export interface OnnxValue {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly (number | string)[];
}

/** A constant tensor with its little-endian bytes in the graph file, or in a file beside it. */
export interface OnnxInitializer {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: Uint8Array | ExternalRange;
}

export interface ExternalRange {
  /** Plain name of a file in the graph's folder. */
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly initializers: readonly OnnxInitializer[];
}

const IR_VERSION = 10;
const OPSET = 21;
const CONTRIB_OPSET = 1;

/** `graph` as an ONNX ModelProto. Field numbers from onnx/onnx `onnx.proto`. */
export function writeOnnx(graph: OnnxGraph): Uint8Array {
  return new ProtobufWriter()
    .int(1, IR_VERSION)
    .string(2, 'gemma-code')
    .bytes(7, graphProto(graph))
    .bytes(8, opset('', OPSET))
    .bytes(8, opset('com.microsoft', CONTRIB_OPSET))
    .finish();
}

function opset(domain: string, version: number): Uint8Array {
  return new ProtobufWriter().string(1, domain).int(2, version).finish();
}

function graphProto(graph: OnnxGraph): Uint8Array {
  const proto = new ProtobufWriter();
  for (const [index, node] of graph.nodes.entries()) proto.bytes(1, nodeProto(node, index));
  proto.string(2, graph.name);
  for (const initializer of graph.initializers) proto.bytes(5, tensorProto(initializer));
  for (const input of graph.inputs) proto.bytes(11, valueInfo(input));
  for (const output of graph.outputs) proto.bytes(12, valueInfo(output));
  return proto.finish();
}

function nodeProto(node: OnnxNode, index: number): Uint8Array {
  const proto = new ProtobufWriter();
  for (const input of node.inputs) proto.string(1, input);
  for (const output of node.outputs) proto.string(2, output);
  proto.string(3, `${node.type}_${index}`).string(4, node.type);
  for (const [name, value] of Object.entries(node.attributes)) proto.bytes(5, attributeProto(name, value));
  return proto.string(7, node.domain).finish();
}

/** AttributeProto.AttributeType: FLOAT 1, INT 2, STRING 3, INTS 7. */
function attributeProto(name: string, value: Attribute): Uint8Array {
  const proto = new ProtobufWriter().string(1, name);
  if ('float' in value) return proto.float(2, value.float).int(20, 1).finish();
  if ('int' in value) return proto.int(3, value.int).int(20, 2).finish();
  if ('string' in value) return proto.string(4, value.string).int(20, 3).finish();
  for (const int of value.ints) proto.int(8, int);
  return proto.int(20, 7).finish();
}

function tensorProto(initializer: OnnxInitializer): Uint8Array {
  const proto = new ProtobufWriter();
  for (const dim of initializer.dims) proto.int(1, dim);
  proto.int(2, elementTypes[initializer.type]).string(8, initializer.name);
  const { data } = initializer;
  if (data instanceof Uint8Array) return proto.bytes(9, data).finish();
  return proto
    .bytes(13, entry('location', data.file))
    .bytes(13, entry('offset', String(data.offset)))
    .bytes(13, entry('length', String(data.length)))
    .int(14, 1)
    .finish();
}

function entry(key: string, value: string): Uint8Array {
  return new ProtobufWriter().string(1, key).string(2, value).finish();
}

function valueInfo({ name, type, dims }: OnnxValue): Uint8Array {
  const shape = new ProtobufWriter();
  for (const dim of dims) {
    const proto = new ProtobufWriter();
    shape.bytes(1, (typeof dim === 'number' ? proto.int(1, dim) : proto.string(2, dim)).finish());
  }
  const tensor = new ProtobufWriter().int(1, elementTypes[type]).bytes(2, shape.finish());
  const typeProto = new ProtobufWriter().bytes(1, tensor.finish());
  return new ProtobufWriter().string(1, name).bytes(2, typeProto.finish()).finish();
}
