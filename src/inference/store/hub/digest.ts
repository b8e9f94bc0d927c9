import { createHash } from 'node:crypto';
import type { FileDigest } from '../../importer/remoteFile.ts';

/** Whether `content` is the whole of what `digest` is of. */
export function hasDigest(content: Uint8Array, digest: FileDigest): boolean {
  const hash = createHash(digest.kind === 'sha256' ? 'sha256' : 'sha1');
  if (digest.kind === 'gitBlob') hash.update(`blob ${content.length}\0`);
  return hash.update(content).digest('hex') === digest.hex;
}

export function isSameDigest(one: FileDigest, other: FileDigest): boolean {
  return one.kind === other.kind && one.hex === other.hex;
}
