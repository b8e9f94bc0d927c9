import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileDigest, OpenRemoteFile, RemoteFile } from '../../src/inference/importer/remoteFile.ts';

/** A folder as a repository on the hub: its files with their digests, and their bytes. */
export interface RemoteFolder {
  readonly files: readonly RemoteFile[];
  readonly bytes: ReadonlyMap<string, Uint8Array>;
}

export function remoteFolder(folder: string): RemoteFolder {
  const bytes = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
  const files = [...bytes].map(([name, content]) => ({
    name,
    bytes: content.length,
    digest: digestOf(content, name.endsWith('.safetensors') ? 'sha256' : 'gitBlob'),
  }));
  return { files, bytes };
}

function digestOf(content: Uint8Array, kind: FileDigest['kind']): FileDigest {
  const hash =
    kind === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${content.length}\0`);
  return { kind, hex: hash.update(content).digest('hex') };
}

/** What was asked for, and what was given out. */
export interface Served {
  readonly asked: { readonly name: string; readonly from: number }[];
  bytes: number;
}

/**
 * Gives out the bytes of `bytes` in pieces as long as `pieceLength` says. After `budget` bytes in all it calls `atEnd`,
 * once, and goes on.
 */
export function serve(
  bytes: ReadonlyMap<string, Uint8Array>,
  options: {
    readonly pieceLength?: () => number;
    readonly budget?: number;
    readonly atEnd?: () => void;
  } = {},
): { readonly open: OpenRemoteFile; readonly served: Served } {
  const { pieceLength = () => 65_536, atEnd } = options;
  let { budget = Infinity } = options;
  const served: Served = { asked: [], bytes: 0 };
  async function* open({ name }: RemoteFile, from: number): AsyncGenerator<Uint8Array> {
    served.asked.push({ name, from });
    const content = bytes.get(name);
    if (content === undefined) throw new TypeError(`No file ${name}.`);
    for (let at = from; at < content.length;) {
      if (served.bytes >= budget) {
        budget = Infinity;
        atEnd?.();
      }
      const end = Math.min(at + pieceLength(), at + budget - served.bytes);
      // As from a socket: in a buffer that isn't kept.
      const piece = Uint8Array.from(content.subarray(at, end));
      served.bytes += piece.length;
      yield piece;
      piece.fill(0xaa);
      at += piece.length;
    }
  }
  return { open, served };
}
