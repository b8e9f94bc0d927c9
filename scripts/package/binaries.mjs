// What a shared library is for, and which others it needs, by its headers.

/**
 * @typedef {object} Binary
 * @property {import('./targets.mjs').BinaryFormat} format
 * @property {number} machine e_machine, cputype or Machine
 * @property {string[]} needed libraries that are loaded with it
 * @property {string[]} later libraries that are loaded when one of their functions is called
 * @property {string[]} searched folders that the file itself names
 */

/**
 * @param {Buffer} file
 * @returns {Binary}
 */
export function readBinary(file) {
  if (file.length > 64) {
    if (file.readUInt32BE(0) === 0x7f454c46) return readElf(file);
    if (file.readUInt32LE(0) === 0xfeedfacf) return readMachO(file);
    if (file.readUInt16LE(0) === 0x5a4d) return readPe(file);
  }
  throw new Error('This is no 64-bit ELF, Mach-O or PE file.');
}

/** Figures of the ELF specification. */
const SECTION_DYNAMIC = 6;
const DT_NEEDED = 1;
const DT_RPATH = 15;
const DT_RUNPATH = 29;

/** @param {Buffer} file @returns {Binary} */
function readElf(file) {
  if (file[4] !== 2 || file[5] !== 1) throw new Error('This ELF file is not of 64 bits, little endian.');
  const sections = u64(file, 0x28);
  const size = file.readUInt16LE(0x3a);
  const count = file.readUInt16LE(0x3c);
  /** @param {number} index */
  const section = (index) => {
    const at = sections + index * size;
    return {
      type: file.readUInt32LE(at + 4),
      offset: u64(file, at + 24),
      size: u64(file, at + 32),
      link: file.readUInt32LE(at + 40),
    };
  };
  const dynamic = Array.from({ length: count }, (_, index) => section(index)).find(
    ({ type }) => type === SECTION_DYNAMIC,
  );
  if (!dynamic) throw new Error('This ELF file is no shared library.');
  const names = section(dynamic.link).offset;
  const needed = [];
  const searched = [];
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16) {
    const tag = u64(file, at);
    const text = () => text0(file, names + u64(file, at + 8));
    if (tag === DT_NEEDED) needed.push(text());
    if (tag === DT_RPATH || tag === DT_RUNPATH) searched.push(...text().split(':'));
  }
  return { format: 'ELF', machine: file.readUInt16LE(0x12), needed, later: [], searched };
}

/** Load commands, from Apple's mach-o/loader.h. */
const LC_LOAD_DYLIB = 0xc;
const LC_LOAD_WEAK_DYLIB = 0x80000018;
const LC_REEXPORT_DYLIB = 0x8000001f;
const LC_RPATH = 0x8000001c;
const MACH_HEADER_BYTES = 32;

/** @param {Buffer} file @returns {Binary} */
function readMachO(file) {
  const needed = [];
  const later = [];
  const searched = [];
  let at = MACH_HEADER_BYTES;
  for (let left = file.readUInt32LE(16); left > 0; left -= 1) {
    const command = file.readUInt32LE(at);
    const text = () => text0(file, at + file.readUInt32LE(at + 8));
    if (command === LC_LOAD_DYLIB || command === LC_REEXPORT_DYLIB) needed.push(text());
    if (command === LC_LOAD_WEAK_DYLIB) later.push(text());
    if (command === LC_RPATH) searched.push(text());
    at += file.readUInt32LE(at + 4);
  }
  return { format: 'Mach-O', machine: file.readUInt32LE(4), needed, later, searched };
}

/** Offsets in the optional header of PE32+, and sizes, from Microsoft's PE format. */
const PE32_PLUS = 0x20b;
const DIRECTORIES = 112;
const IMPORTS = 1;
const DELAYED_IMPORTS = 13;
const SECTION_BYTES = 40;

/** @param {Buffer} file @returns {Binary} */
function readPe(file) {
  const header = file.readUInt32LE(0x3c) + 4;
  const sectionCount = file.readUInt16LE(header + 2);
  const optional = header + 20;
  if (file.readUInt16LE(optional) !== PE32_PLUS) throw new Error('This PE file is not of 64 bits.');
  const sections = optional + file.readUInt16LE(header + 16);
  /** @param {number} address relative to where the file is loaded */
  const offsetOf = (address) => {
    for (let index = 0; index < sectionCount; index += 1) {
      const at = sections + index * SECTION_BYTES;
      const start = file.readUInt32LE(at + 12);
      if (address >= start && address < start + file.readUInt32LE(at + 16))
        return address - start + file.readUInt32LE(at + 20);
    }
    throw new Error('This PE file refers to nowhere.');
  };
  /** @param {number} directory @param {number} bytes of a descriptor @param {number} nameAt in it */
  const names = (directory, bytes, nameAt) => {
    const found = [];
    const address = file.readUInt32LE(optional + DIRECTORIES + 8 * directory);
    if (address === 0) return [];
    for (let at = offsetOf(address); file.readUInt32LE(at + nameAt) !== 0; at += bytes)
      found.push(text0(file, offsetOf(file.readUInt32LE(at + nameAt))));
    return found;
  };
  return {
    format: 'PE',
    machine: file.readUInt16LE(header),
    needed: names(IMPORTS, 20, 12),
    later: names(DELAYED_IMPORTS, 32, 4),
    searched: [],
  };
}

/** @param {Buffer} file @param {number} at */
const u64 = (file, at) => Number(file.readBigUInt64LE(at));

/** The characters up to the next zero. @param {Buffer} file @param {number} at */
const text0 = (file, at) => file.toString('latin1', at, file.indexOf(0, at));
