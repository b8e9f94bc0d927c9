import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { crc32 } from 'node:zlib';
import * as v from 'valibot';
import { BackendName } from '../../protocol/engine.ts';
import { GemmaError } from '../../protocol/errors.ts';
import type { LoadedModel } from '../backends/backend.ts';
import { kvBytes, partWidths } from '../model/graphInterface.ts';
import { type Allocate, type Room, Sequence } from './sequence.ts';
import type { Turn } from './turn.ts';

/*
 * A snapshot file, little-endian:
 *
 *   preamble   magic u32 · format version u32 · header bytes u32 · SHA-256 of the header
 *   header     JSON, see SnapshotHeader
 *   rows       float32, part by part (see KvBuffer)
 *
 * The rows carry a CRC-32: of 75 MB it takes 35 ms where SHA-256 takes 66 to 300, depending on the processor. Both
 * find damage; neither could stop somebody who may write the file, because there is no secret.
 */

const MAGIC = 0x564b_4d47; // "GMKV"
const FORMAT = 1;
const PREAMBLE_BYTES = 44;
const HASH_OFFSET = 12;
/** Above any Gemma context; 7 characters each. */
const MAX_TOKENS = 131_072;
const MAX_HEADER_BYTES = 1_000_000;

/** Rows of one are only rows of another when all of this is the same. */
export interface SnapshotIdentity {
  /** Digest of graph, weights, tokenizer and architecture; SHA-256 in lower-case hex. */
  readonly model: string;
  readonly backend: BackendName;
  /** ONNX Runtime and its version: other kernels round differently. */
  readonly runtime: string;
}

export interface SnapshotHeader {
  readonly identity: SnapshotIdentity;
  readonly tokens: readonly number[];
}

/** A header that was checked, with its place in the file. */
export interface SnapshotInfo extends SnapshotHeader {
  /** Of the whole file. */
  readonly bytes: number;
}

const HeaderSchema = v.strictObject({
  identity: v.strictObject({
    model: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
    backend: BackendName,
    runtime: v.pipe(v.string(), v.minLength(1), v.maxLength(100)),
  }),
  tokens: v.pipe(
    v.array(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(0x7fff_ffff))),
    v.minLength(1),
    v.maxLength(MAX_TOKENS),
  ),
  rowBytes: v.pipe(v.number(), v.safeInteger(), v.minValue(4)),
  /** Of the rows; a fixed width, so that the header's length is known before the rows are read. */
  crc32: v.pipe(v.string(), v.regex(/^[0-9a-f]{8}$/)),
});
type Header = v.InferOutput<typeof HeaderSchema>;

export function snapshotIdentity({ manifest, backend, runtime }: LoadedModel): SnapshotIdentity {
  const { architecture, quantization, graph, weights, tokenizer } = manifest;
  const files = [graph, ...weights, tokenizer].map((file) => file.sha256);
  const digest = createHash('sha256').update(JSON.stringify({ architecture, quantization, files }));
  return { model: digest.digest('hex'), backend, runtime };
}

export function sameIdentity(a: SnapshotIdentity, b: SnapshotIdentity): boolean {
  return a.model === b.model && a.backend === b.backend && a.runtime === b.runtime;
}

/** Bytes of the rows of a snapshot of `tokens` tokens. */
export function snapshotRowBytes(model: LoadedModel, tokens: number): number {
  return kvBytes(model.manifest.architecture, tokens);
}

/**
 * Writes `sequence` to the new file `path` and flushes it. Others compute while the disk works; the sequence may be
 * appended to meanwhile. What is left after a failure is not a valid snapshot.
 *
 * @throws GemmaError `cancelled`; `superseded` when the sequence was rewound meanwhile; errors of the file system
 */
export async function writeSnapshot(
  path: string,
  identity: SnapshotIdentity,
  sequence: Sequence,
  turn: Turn,
): Promise<SnapshotInfo> {
  const tokens = [...sequence.tokens];
  const parts = sequence.readParts();
  const rowBytes = snapshotRowBytes(sequence.model, tokens.length);
  const headerOf = (checksum: number): Uint8Array =>
    encodeHeader({ identity, tokens, rowBytes, crc32: checksum.toString(16).padStart(8, '0') });
  const rowsStart = PREAMBLE_BYTES + headerOf(0).length;
  const file = await open(path, 'wx', 0o600);
  try {
    let checksum = 0;
    let position = rowsStart;
    for await (const rows of parts) {
      await turn.step();
      const bytes = bytesOf(rows);
      checksum = crc32(bytes, checksum);
      await turn.aside(writeFully(file, bytes, position));
      position += bytes.length;
    }
    if (position !== rowsStart + rowBytes) {
      throw new GemmaError('internal', `${position - rowsStart} bytes of rows were read, not ${rowBytes}.`);
    }
    // Last, so that a file without its end has no beginning either.
    const header = headerOf(checksum);
    await turn.aside(writeFully(file, Buffer.concat([preamble(header), header]), 0).then(() => file.sync()));
    return { identity, tokens, bytes: position };
  } finally {
    await file.close();
  }
}

/**
 * What a file says it holds, after checking all but its rows.
 *
 * @throws GemmaError `bad-input` with the reason; errors of the file system
 */
export async function readSnapshotInfo(path: string): Promise<SnapshotInfo> {
  return withFile(path, async (file) => {
    const { header, bytes } = await readHeader(file, path);
    return { identity: header.identity, tokens: header.tokens, bytes };
  });
}

/**
 * The first `length` tokens of a snapshot as a sequence. Nothing is allocated before the header, the identity and the
 * file's size were found to agree; every row is checked before the sequence is returned.
 *
 * @throws GemmaError `bad-input` with the reason; `out-of-memory`; errors of the file system
 */
export async function readSnapshot(
  path: string,
  identity: SnapshotIdentity,
  length: number,
  model: LoadedModel,
  room: Room,
  allocate?: Allocate,
): Promise<Sequence> {
  return withFile(path, async (file) => {
    const { header, rowsStart } = await readHeader(file, path);
    const { tokens, rowBytes } = header;
    if (!sameIdentity(header.identity, identity)) throw refusal(path, 'it is of another model or runtime');
    if (rowBytes !== snapshotRowBytes(model, tokens.length)) {
      throw refusal(path, 'its rows are of another size');
    }
    if (length > tokens.length) throw refusal(path, `it has ${tokens.length} tokens, not ${length}`);

    let checksum = 0;
    let position = rowsStart;
    // One piece of memory for all parts: fresh pages cost more than reading into them.
    const widest = Math.max(...partWidths(model.manifest.architecture));
    const part = new Float32Array(widest * tokens.length);
    const readPart = async (width: number): Promise<Float32Array> => {
      const rows = part.subarray(0, width * tokens.length);
      const bytes = bytesOf(rows);
      await readFully(file, bytes, position, path);
      position += bytes.length;
      checksum = crc32(bytes, checksum);
      return rows;
    };
    const sequence = await Sequence.restore(tokens.slice(0, length), readPart, model, room, allocate);
    if (position === rowsStart + rowBytes && checksum === Number.parseInt(header.crc32, 16)) return sequence;
    sequence.dispose();
    throw refusal(path, 'its rows are damaged');
  });
}

async function readHeader(
  file: FileHandle,
  path: string,
): Promise<{ readonly header: Header; readonly rowsStart: number; readonly bytes: number }> {
  const stats = await file.stat();
  if (!stats.isFile()) throw refusal(path, 'it is not a file');
  if (stats.size < PREAMBLE_BYTES) throw refusal(path, 'it is truncated');
  const start = Buffer.alloc(PREAMBLE_BYTES);
  await readFully(file, start, 0, path);
  if (start.readUInt32LE(0) !== MAGIC) throw refusal(path, 'it is no snapshot');
  if (start.readUInt32LE(4) !== FORMAT) throw refusal(path, 'it is of another format version');
  const headerBytes = start.readUInt32LE(8);
  const rowsStart = PREAMBLE_BYTES + headerBytes;
  if (headerBytes > MAX_HEADER_BYTES || rowsStart > stats.size) throw refusal(path, 'its header is too long');
  const json = Buffer.alloc(headerBytes);
  await readFully(file, json, PREAMBLE_BYTES, path);
  const hash = createHash('sha256').update(json).digest();
  if (!hash.equals(start.subarray(HASH_OFFSET))) throw refusal(path, 'its header is damaged');
  const parsed = v.safeParse(HeaderSchema, parseJson(json));
  if (!parsed.success) throw refusal(path, 'its header is invalid');
  if (rowsStart + parsed.output.rowBytes !== stats.size)
    throw refusal(path, 'it has another size than it says');
  return { header: parsed.output, rowsStart, bytes: stats.size };
}

function encodeHeader(header: Header): Buffer {
  return Buffer.from(JSON.stringify(v.parse(HeaderSchema, header)));
}

function preamble(header: Uint8Array): Buffer {
  const bytes = Buffer.alloc(PREAMBLE_BYTES);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(FORMAT, 4);
  bytes.writeUInt32LE(header.length, 8);
  createHash('sha256').update(header).digest().copy(bytes, HASH_OFFSET);
  return bytes;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}

function bytesOf(rows: Float32Array): Uint8Array {
  return new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
}

async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, 'r');
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

async function readFully(
  file: FileHandle,
  target: Uint8Array,
  position: number,
  path: string,
): Promise<void> {
  for (let offset = 0; offset < target.length;) {
    const { bytesRead } = await file.read(target, offset, target.length - offset, position + offset);
    if (bytesRead === 0) throw refusal(path, 'it is truncated');
    offset += bytesRead;
  }
}

async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, offset, bytes.length - offset, position + offset);
    offset += bytesWritten;
  }
}

function refusal(path: string, reason: string): GemmaError {
  return new GemmaError('bad-input', `The snapshot ${basename(path)} can't be used: ${reason}.`);
}
