import { isIP, BlockList } from 'node:net';
import { GemmaError } from '../protocol/errors.ts';

/** Where a person's server is. */
export interface ServerAddress {
  /** Without a slash at its end and without `/v1`. */
  readonly base: string;
  /** Everything is sent to this origin and to no other. */
  readonly origin: string;
  /** As people read it, with the port where it isn't the usual one. */
  readonly host: string;
  readonly encrypted: boolean;
  /** Whether it is this very computer. */
  readonly loopback: boolean;
}

const MAX_URL_CHARS = 2_048;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** RFC 1918, 6598, 3927, 4193, 4291. */
const local = new BlockList();
local.addSubnet('10.0.0.0', 8, 'ipv4');
local.addSubnet('172.16.0.0', 12, 'ipv4');
local.addSubnet('192.168.0.0', 16, 'ipv4');
local.addSubnet('100.64.0.0', 10, 'ipv4');
local.addSubnet('169.254.0.0', 16, 'ipv4');
local.addSubnet('fc00::', 7, 'ipv6');
local.addSubnet('fe80::', 10, 'ipv6');

/** Names that the public DNS never answers: a single label (RFC 7085) and those reserved for local use. */
const LOCAL_NAME = /^(?:[^.]+|.+\.(?:local|internal|home\.arpa))$/u;

/**
 * Reads what a person typed as the address of their server: http or https, with or without `/v1` at the end. Without
 * encryption only addresses of this computer or of a local network are taken.
 *
 * @throws GemmaError `bad-input`
 */
export function readServerAddress(text: string): ServerAddress {
  const url = text.length <= MAX_URL_CHARS ? URL.parse(text.trim()) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new GemmaError('bad-input', 'The address must begin with https:// or http://.');
  }
  if (url.username !== '' || url.password !== '') {
    throw new GemmaError('bad-input', 'The address must not hold a password: set the token by its command.');
  }
  if (url.search !== '' || url.hash !== '') {
    throw new GemmaError('bad-input', 'The address must end with the path: remove what follows “?” or “#”.');
  }
  const encrypted = url.protocol === 'https:';
  const name = url.hostname.replace(/^\[(.*)\]$/u, '$1');
  const isLoopback = isIn(loopback, name) || /^(?:.+\.)?localhost$/u.test(name);
  const isLocal = isLoopback || isIn(local, name) || (isIP(name) === 0 && LOCAL_NAME.test(name));
  if (!encrypted && !isLocal) {
    throw new GemmaError(
      'bad-input',
      'A server outside the local network must be reached by https://, or anybody on the way could read your code.',
    );
  }
  const path = url.pathname.replace(/\/+$/u, '').replace(/\/v1$/u, '');
  return { base: url.origin + path, origin: url.origin, host: url.host, encrypted, loopback: isLoopback };
}

function isIn(addresses: BlockList, name: string): boolean {
  const version = isIP(name);
  return version !== 0 && addresses.check(name, version === 6 ? 'ipv6' : 'ipv4');
}
