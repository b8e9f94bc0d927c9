import { readFile } from 'node:fs/promises';

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
/** Fixed parts of the two records, in bytes (APPNOTE 4.3.12 and 4.3.16). */
const END_BYTES = 22;
const ENTRY_BYTES = 46;

/**
 * Names of the files in a zip archive without a comment and of less than 4 GiB.
 * @param {string} file
 * @returns {Promise<string[]>}
 */
export async function zipEntries(file) {
  const zip = await readFile(file);
  const end = zip.length - END_BYTES;
  if (end < 0 || zip.readUInt32LE(end) !== END_OF_DIRECTORY) throw new Error(`${file} is not a zip archive.`);
  const count = zip.readUInt16LE(end + 10);
  let position = zip.readUInt32LE(end + 16);
  const names = [];
  for (let index = 0; index < count; index += 1) {
    if (zip.readUInt32LE(position) !== DIRECTORY_ENTRY) throw new Error(`${file} has a damaged directory.`);
    const nameBytes = zip.readUInt16LE(position + 28);
    const extraBytes = zip.readUInt16LE(position + 30);
    const commentBytes = zip.readUInt16LE(position + 32);
    names.push(zip.toString('utf8', position + ENTRY_BYTES, position + ENTRY_BYTES + nameBytes));
    position += ENTRY_BYTES + nameBytes + extraBytes + commentBytes;
  }
  return names;
}
