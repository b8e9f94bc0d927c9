import type { DataFileWriter } from './dataFileWriter.ts';
import type { ExternalRange } from './onnxWriter.ts';
import { blockSize, quantizeBlocks, quantizeRows } from './quantize.ts';
import { type ReadValues, readRows } from './readRows.ts';
import type { Recipe } from './weight.ts';

/** Positions of a rotary table computed at a time. */
const ROTARY_POSITIONS = 1_024;

type Of<K extends Recipe['kind']> = Extract<Recipe, { kind: K }>;

/** Writes the runs of `recipe`, at most one row chunk and one int8 matrix in memory. @returns where each run lies */
export async function writeWeight(
  recipe: Recipe,
  read: ReadValues,
  writer: DataFileWriter,
): Promise<ExternalRange[]> {
  switch (recipe.kind) {
    case 'float32':
      return writeFloats(recipe, read, writer);
    case 'vector':
      return writeVector(recipe, read, writer);
    case 'rope':
      return writeRotaryTable(recipe, writer);
    case 'blocks':
      return writeBlocks(recipe, read, writer);
    case 'channels':
      return writeChannels(recipe, read, writer);
    default:
      return recipe satisfies never;
  }
}

async function writeFloats(
  { source }: Of<'float32'>,
  read: ReadValues,
  writer: DataFileWriter,
): Promise<ExternalRange[]> {
  const range = await writer.begin(4 * source.rows * source.columns);
  for await (const { values } of readRows(source, 0, source.rows, read)) await writer.write(bytesOf(values));
  return [range];
}

async function writeVector(
  { tensor, size, plusOne }: Of<'vector'>,
  read: ReadValues,
  writer: DataFileWriter,
): Promise<ExternalRange[]> {
  const values = new Float32Array(size);
  await read(tensor, 0, values);
  const range = await writer.begin(values.byteLength);
  await writer.write(bytesOf(plusOne ? values.map((value) => 1 + value) : values));
  return [range];
}

/** Angle of pair i at a position: position / factor · theta^(−2i / headDim), computed in float64. */
async function writeRotaryTable(
  { wave, theta, factor, positions, headDim, rotatedPairs }: Of<'rope'>,
  writer: DataFileWriter,
): Promise<ExternalRange[]> {
  const pairs = headDim / 2;
  const frequencies = Array.from({ length: pairs }, (_, pair) =>
    pair < rotatedPairs ? theta ** ((-2 * pair) / headDim) / factor : 0,
  );
  const range = await writer.begin(4 * positions * pairs);
  for (let first = 0; first < positions; first += ROTARY_POSITIONS) {
    const count = Math.min(ROTARY_POSITIONS, positions - first);
    const values = new Float32Array(count * pairs);
    for (let i = 0; i < values.length; i++) {
      const angle = (first + Math.floor(i / pairs)) * frequencies[i % pairs]!;
      values[i] = wave === 'cos' ? Math.cos(angle) : Math.sin(angle);
    }
    await writer.write(bytesOf(values));
  }
  return [range];
}

async function writeBlocks(
  { bits, source }: Of<'blocks'>,
  read: ReadValues,
  writer: DataFileWriter,
): Promise<ExternalRange[]> {
  const total = source.rows * source.columns;
  const block = blockSize(source.columns);
  const scales = new Float32Array(total / block);
  const range = await writer.begin((total * bits) / 8);
  let done = 0;
  for await (const { values } of readRows(source, 0, source.rows, read)) {
    const codes = new Uint8Array((values.length * bits) / 8);
    const count = values.length / block;
    quantizeBlocks(values, block, bits, codes, scales.subarray(done, done + count));
    done += count;
    await writer.write(codes);
  }
  return [range, await writeRun(writer, scales)];
}

async function writeChannels(
  { source, firstRow, rows }: Of<'channels'>,
  read: ReadValues,
  writer: DataFileWriter,
): Promise<ExternalRange[]> {
  const { columns } = source;
  const transposed = new Int8Array(rows * columns);
  const scales = new Float32Array(rows);
  for await (const { values, row } of readRows(source, firstRow, rows, read)) {
    const count = values.length / columns;
    const target = row - firstRow;
    const codes = new Int8Array(values.length);
    quantizeRows(values, codes, scales.subarray(target, target + count));
    for (let column = 0; column < columns; column++) {
      const start = column * rows + target;
      for (let i = 0; i < count; i++) transposed[start + i] = codes[i * columns + column]!;
    }
  }
  return [
    await writeRun(writer, transposed),
    await writeRun(writer, scales),
    await writeRun(writer, new Int8Array(rows)),
  ];
}

async function writeRun(writer: DataFileWriter, values: Float32Array | Int8Array): Promise<ExternalRange> {
  const range = await writer.begin(values.byteLength);
  await writer.write(bytesOf(values));
  return range;
}

/** Little-endian on every platform that Node runs on. */
function bytesOf(values: Float32Array | Int8Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
