// Zip archives that depend on nothing but the files in them.
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { crc32, inflateRawSync } from 'node:zlib';

/**
 * Node's own zlib gives other bytes with other versions and processors; this one is plain JavaScript.
 * @type {{ deflateRaw(data: Uint8Array, options: { level: number }): Uint8Array }}
 */
const pako = createRequire(import.meta.url)('pako');

/** @typedef {{ path: string, bytes: Buffer }} PackageFile `path` as in the archive */

/** Signatures, fixed sizes and fields by APPNOTE 4.3.7, 4.3.12 and 4.3.16. */
const FILE = 0x04034b50;
const FILE_BYTES = 30;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const END = 0x06054b50;
const END_BYTES = 22;
const UTF8_NAMES = 0x0800;
const DEFLATED = 8;
const VERSION_NEEDED = 20;
/** Made on Unix, where the upper half of the attributes is a file's mode. */
const MADE_BY = (3 << 8) | VERSION_NEEDED;
const MODE = 0o100644;
/** 1980-01-01 00:00, the oldest there is: the files have no other date. */
const DATE = 0x0021;
const LEVEL = 6;

/** What was compressed before, by its SHA-256: packages share many files. @type {Map<string, Uint8Array>} */
const compressed = new Map();

/**
 * The archive of some files, in the order of their paths' characters.
 * @param {readonly PackageFile[]} files
 * @returns {Buffer}
 */
export function writeZip(files) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const { path, bytes } of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const name = Buffer.from(path);
    const data = deflated(bytes);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(VERSION_NEEDED, 0);
    common.writeUInt16LE(UTF8_NAMES, 2);
    common.writeUInt16LE(DEFLATED, 4);
    common.writeUInt16LE(0, 6);
    common.writeUInt16LE(DATE, 8);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.alloc(FILE_BYTES);
    local.writeUInt32LE(FILE, 0);
    common.copy(local, 4);
    const entry = Buffer.alloc(ENTRY_BYTES);
    entry.writeUInt32LE(ENTRY, 0);
    entry.writeUInt16LE(MADE_BY, 4);
    common.copy(entry, 6);
    entry.writeUInt32LE(MODE * 0x10000, 38);
    entry.writeUInt32LE(offset, 42);
    parts.push(local, name, data);
    directory.push(entry, name);
    offset += FILE_BYTES + name.length + data.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(END_BYTES);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, entries, end]);
}

/** @param {Buffer} bytes */
function deflated(bytes) {
  const key = createHash('sha256').update(bytes).digest('hex');
  const data = compressed.get(key) ?? pako.deflateRaw(bytes, { level: LEVEL });
  compressed.set(key, data);
  return data;
}

/**
 * The files of an archive without a comment and of less than 4 GiB, in its own order.
 * @param {Buffer} zip
 * @returns {PackageFile[]}
 */
export function readZip(zip) {
  const end = zip.length - END_BYTES;
  if (end < 0 || zip.readUInt32LE(end) !== END) throw new Error('This is not a zip archive.');
  const count = zip.readUInt16LE(end + 10);
  let position = zip.readUInt32LE(end + 16);
  const files = [];
  for (let index = 0; index < count; index += 1) {
    if (zip.readUInt32LE(position) !== ENTRY) throw new Error('The archive has a damaged directory.');
    const nameBytes = zip.readUInt16LE(position + 28);
    const path = zip.toString('utf8', position + ENTRY_BYTES, position + ENTRY_BYTES + nameBytes);
    files.push({ path, bytes: readEntry(zip, position, path) });
    position += ENTRY_BYTES + nameBytes + zip.readUInt16LE(position + 30) + zip.readUInt16LE(position + 32);
  }
  return files;
}

/**
 * @param {Buffer} zip
 * @param {number} position of the entry in the directory
 * @param {string} path
 */
function readEntry(zip, position, path) {
  const method = zip.readUInt16LE(position + 10);
  const size = zip.readUInt32LE(position + 20);
  const local = zip.readUInt32LE(position + 42);
  const start = local + FILE_BYTES + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const data = zip.subarray(start, start + size);
  const bytes = method === DEFLATED ? inflateRawSync(data) : data;
  if (crc32(bytes) !== zip.readUInt32LE(position + 16)) throw new Error(`${path} is damaged.`);
  return bytes;
}
