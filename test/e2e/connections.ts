import { findTracer } from '../../scripts/setup/tracer.mjs';

/** One attempt to reach something by the internet protocols, successful or not. */
export interface Attempt {
  readonly pid: number;
  readonly address: string;
  readonly port: number;
}

/** Port of name look-ups; asking a resolver on this machine still sends a name to the network. */
const DNS_PORT = 53;

/** Every system call that can name a peer. */
const CALLS = ['connect', 'sendto', 'sendmsg', 'sendmmsg'];

const CALL = new RegExp(String.raw`^(\d+)\s+(?:${CALLS.join('|')})\(`);
const IPV4 = /sa_family=AF_INET, sin_port=htons\((\d+)\), sin_addr=inet_addr\("([^"]+)"\)/g;
const IPV6 = /sa_family=AF_INET6, sin6_port=htons\((\d+)\).*?inet_pton\(AF_INET6, "([^"]+)"/g;

/**
 * Program and arguments that start another program and write down whom it, and everything it starts, talks to:
 * children that detach themselves are followed too.
 *
 * @returns undefined where there is no tracer
 */
export async function tracingLauncher(logFile: string): Promise<readonly string[] | undefined> {
  const strace = await findTracer();
  if (strace === undefined) return undefined;
  return [strace, '-f', '-qq', '--seccomp-bpf', '-e', `trace=${CALLS.join(',')}`, '-s', '0', '-o', logFile];
}

/** The attempts in a trace that go beyond this machine, name look-ups included. */
export function foreignAttempts(trace: string): Attempt[] {
  return allAttempts(trace).filter(({ address, port }) => port === DNS_PORT || !isLoopback(address));
}

/** Every attempt in a trace to reach an internet address, loopback included. */
export function allAttempts(trace: string): Attempt[] {
  return trace.split('\n').flatMap((line) => {
    const pid = CALL.exec(line)?.[1];
    if (pid === undefined) return [];
    return [...line.matchAll(IPV4), ...line.matchAll(IPV6)].map(([, port = '', address = '']) => ({
      pid: Number(pid),
      address,
      port: Number(port),
    }));
  });
}

function isLoopback(address: string): boolean {
  return /^(?:::ffff:)?127\./.test(address) || address === '::1';
}
