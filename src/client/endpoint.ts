import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { PROTOCOL_VERSION } from '../protocol/engine.ts';
import { latestGeneration, pidFile, socketFile } from '../protocol/endpointFiles.ts';
import { GemmaError } from '../protocol/errors.ts';

/** Where the inference process of one home folder and one version is met. */
export interface Endpoint {
  /** Private folder with the token and, but for Windows, the sockets. */
  readonly folder: string;
  /** Named pipe on Windows; null: sockets in the folder. */
  readonly pipe: string | null;
}

/** `sun_path` has 108 bytes on Linux and 104 on macOS, NUL included; 16 are for the socket's own name. */
const MAX_FOLDER_BYTES = 87;

/**
 * The endpoint's name carries the protocol, the extension's version and the home folder,
 * so processes that don't understand each other never meet.
 *
 * @throws GemmaError `engine-unavailable` when no folder is short enough for a socket
 */
export function endpointFor(home: string, version: string): Endpoint {
  const hash = createHash('sha256').update(`${version}\0${home}`).digest('hex').slice(0, 10);
  const name = `p${PROTOCOL_VERSION}-${version.replaceAll(/[^\w.-]/g, '_').slice(0, 16)}-${hash}`;
  const { uid, username } = userInfo();
  if (process.platform === 'win32') {
    const user = createHash('sha256').update(username).digest('hex').slice(0, 10);
    return {
      folder: join(tmpdir(), 'gemma-code', name),
      pipe: String.raw`\\.\pipe\gemma-code-${user}-${name}`,
    };
  }
  const candidates = [process.env['XDG_RUNTIME_DIR'], tmpdir(), '/tmp']
    .filter((base) => base !== undefined && base.startsWith('/'))
    .map((base) => join(base ?? '', `gemma-code-${uid}`, name));
  const folder = candidates.find((path) => Buffer.byteLength(path) <= MAX_FOLDER_BYTES);
  if (folder === undefined) {
    throw new GemmaError('engine-unavailable', 'No temporary folder has a path short enough for a socket.');
  }
  return { folder, pipe: null };
}

/** The newest owner's address, or null when there has been none. */
export async function latestAddress(
  endpoint: Endpoint,
): Promise<{ path: string; generation: number } | null> {
  if (endpoint.pipe !== null) return { path: endpoint.pipe, generation: 0 };
  const generation = latestGeneration(await readdir(endpoint.folder));
  return generation === 0 ? null : { path: join(endpoint.folder, socketFile(generation)), generation };
}

/** Process id that the owner of `generation` has written down; null when it hasn't. */
export async function ownerPid(endpoint: Endpoint, generation: number): Promise<number | null> {
  const text = await readFile(join(endpoint.folder, pidFile(generation)), 'utf8').catch(() => '');
  return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : null;
}
