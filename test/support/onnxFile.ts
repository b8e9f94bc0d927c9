import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** An initializer of an ONNX file with its bytes, wherever they lie. */
export interface Initializer {
  readonly dims: readonly number[];
  readonly bytes: Uint8Array;
  /** Where external data begins in its file. */
  readonly offset: number | null;
}

export interface NodeSummary {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export interface OnnxFile {
  readonly nodes: readonly NodeSummary[];
  readonly outputs: readonly string[];
  readonly initializers: ReadonlyMap<string, Initializer>;
}

/** Reads `graph.onnx` of an imported model with a decoder of its own. Field numbers from onnx/onnx `onnx.proto`. */
export async function readOnnx(folder: string): Promise<OnnxFile> {
  const model = fields(await readFile(join(folder, 'graph.onnx')));
  const graph = fields(one(model, 7));
  const initializers = new Map<string, Initializer>();
  for (const tensor of many(graph, 5).map(fields)) {
    const entries = many(tensor, 13).map((entry) => {
      const pair = fields(entry);
      return [text(one(pair, 1)), text(one(pair, 2))] as const;
    });
    initializers.set(text(one(tensor, 8)), {
      dims: tensor.filter(({ field }) => field === 1).map(({ value }) => Number(value)),
      ...(entries.length === 0
        ? { bytes: one(tensor, 9), offset: null }
        : await external(folder, Object.fromEntries(entries))),
    });
  }
  return {
    nodes: many(graph, 1).map((bytes) => {
      const node = fields(bytes);
      return { type: text(one(node, 4)), inputs: many(node, 1).map(text), outputs: many(node, 2).map(text) };
    }),
    outputs: many(graph, 12).map((bytes) => text(one(fields(bytes), 1))),
    initializers,
  };
}

async function external(folder: string, entries: Record<string, string>) {
  const file = await readFile(join(folder, entries['location']!));
  const offset = Number(entries['offset']);
  return { bytes: Uint8Array.from(file.subarray(offset, offset + Number(entries['length']))), offset };
}

interface Field {
  readonly field: number;
  readonly value: bigint | Uint8Array;
}

function fields(bytes: Uint8Array): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const [field, type] = [tag >> 3, tag & 7];
    if (type === 0) {
      found.push({ field, value: varint() });
      continue;
    }
    const length = type === 5 ? 4 : Number(varint());
    found.push({ field, value: bytes.subarray(at, at + length) });
    at += length;
  }
  return found;
}

function many(all: readonly Field[], field: number): Uint8Array[] {
  return all.flatMap(({ field: found, value }) =>
    found === field && value instanceof Uint8Array ? [value] : [],
  );
}

function one(all: readonly Field[], field: number): Uint8Array {
  const [value] = many(all, field);
  if (value === undefined) throw new Error(`No field ${field}.`);
  return value;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
