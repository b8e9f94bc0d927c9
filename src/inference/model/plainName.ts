/** Longest file name that every common file system takes. */
const MAX_NAME_BYTES = 255;

/**
 * Whether `name`, read from a file, is safe to join to a folder: one path component that stays in it on every
 * platform.
 */
export function isPlainName(name: string): boolean {
  if (name === '' || name === '.' || name === '..') return false;
  // Separators, drive and stream colons, NUL and other control characters.
  // oxlint-disable-next-line no-control-regex
  if (/[/\\:\u0000-\u001f]/.test(name)) return false;
  return Buffer.byteLength(name) <= MAX_NAME_BYTES;
}
