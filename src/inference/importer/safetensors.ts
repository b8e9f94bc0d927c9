import * as v from 'valibot';
import { GemmaError } from '../../protocol/errors.ts';

/** One tensor of a safetensors file. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** From the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** Header cap. Real Gemma shards stay under 1 MiB; anything larger is a lie or an attack. */
export const MAX_HEADER_BYTES = 25_000_000;
/** The largest Gemma has some 1,500 tensors. */
const MAX_TENSORS = 100_000;
/** Of the number at the start of a file that says how long the rest of its header is. */
export const LENGTH_BYTES = 8;

/** Bits per element. Tensors of other towers may use any of them; only some can be read as weights. */
const dtypeBits: Readonly<Record<string, number>> = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  F64: 64,
  I64: 64,
  U64: 64,
};

const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Entry = v.object({
  dtype: v.string(),
  shape: v.pipe(v.array(size), v.maxLength(8)),
  data_offsets: v.tuple([size, size]),
});

// Not a record: checking every key again would be slow, and the entries are checked one by one anyway.
const Header = v.custom<object>(
  (json) => typeof json === 'object' && json !== null && !Array.isArray(json),
  'Expected an object.',
);

/** Reads `length` bytes at `offset`; fewer only at the end of the file. */
export type ReadAt = (offset: number, length: number) => Promise<Uint8Array>;

/**
 * Tensors of a safetensors file (huggingface/safetensors: u64 length, JSON header, data).
 *
 * @param label names the file in errors
 * @throws GemmaError `model-damaged` unless every tensor lies in the file, alone, with as many bytes as its shape needs
 */
export async function readSafetensorsHeader(
  label: string,
  fileBytes: number,
  read: ReadAt,
): Promise<TensorInfo[]> {
  const damaged = damageOf(label);
  const start = await readHeaderEnd(label, fileBytes, read);
  const length = start - LENGTH_BYTES;
  const bytes = await read(LENGTH_BYTES, length);
  if (bytes.length < length) throw damaged('it ends early');
  let entries: [string, unknown][];
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    entries = Object.entries(v.parse(Header, json));
  } catch (cause) {
    throw damaged('its header is not a JSON object', cause);
  }
  if (entries.length > MAX_TENSORS) throw damaged(`its header lists ${entries.length} tensors`);
  const tensors = entries
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => readEntry(name, entry, start, damaged));
  checkPlaces(tensors, fileBytes, damaged);
  return tensors;
}

/** Where the header ends and the data begins, by the first bytes of the file. @throws GemmaError `model-damaged` */
export async function readHeaderEnd(label: string, fileBytes: number, read: ReadAt): Promise<number> {
  const damaged = damageOf(label);
  if (fileBytes < LENGTH_BYTES) throw damaged(`it has only ${fileBytes} bytes`);
  const bytes = await read(0, LENGTH_BYTES);
  if (bytes.length < LENGTH_BYTES) throw damaged('it ends early');
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES || length > fileBytes - LENGTH_BYTES) {
    throw damaged(`its header claims ${length} bytes`);
  }
  return LENGTH_BYTES + length;
}

const damageOf =
  (label: string) =>
  (what: string, cause?: unknown): GemmaError =>
    new GemmaError('model-damaged', `${label} is damaged: ${what}. Download it again.`, { cause });

function readEntry(
  name: string,
  entry: unknown,
  start: number,
  damaged: (what: string) => GemmaError,
): TensorInfo {
  const parsed = v.safeParse(Entry, entry);
  if (!parsed.success) {
    throw damaged(`the entry of tensor ${name} is invalid (${parsed.issues[0].message})`);
  }
  const { dtype, shape, data_offsets: offsets } = parsed.output;
  const bits = Object.hasOwn(dtypeBits, dtype) ? dtypeBits[dtype] : undefined;
  if (bits === undefined) throw damaged(`tensor ${name} has the unknown type ${dtype}`);
  const bytes = shape.reduce((product, dim) => product * dim, bits / 8);
  if (offsets[1] - offsets[0] !== bytes) {
    throw damaged(
      `tensor ${name} of shape [${shape.join(', ')}] needs ${bytes} bytes, not ${offsets[1] - offsets[0]}`,
    );
  }
  return { name, dtype, shape, offset: start + offsets[0], bytes };
}

function checkPlaces(
  tensors: readonly TensorInfo[],
  fileBytes: number,
  damaged: (what: string) => GemmaError,
): void {
  let end = 0;
  let before = '';
  for (const tensor of tensors.toSorted((a, b) => a.offset - b.offset || a.bytes - b.bytes)) {
    if (tensor.offset + tensor.bytes > fileBytes) throw damaged(`tensor ${tensor.name} ends beyond the file`);
    if (tensor.bytes > 0 && tensor.offset < end)
      throw damaged(`tensors ${before} and ${tensor.name} overlap`);
    end = Math.max(end, tensor.offset + tensor.bytes);
    before = tensor.name;
  }
}
