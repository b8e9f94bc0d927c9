import { readFile } from 'node:fs/promises';
import { uptime } from 'node:os';

/** The same boot gives times so far apart at most, in seconds; another one is later by all the time it was up. */
const CLOCK_DRIFT = 10;

/** Names the time since the machine was started, in which what was written to files is there even if never flushed. */
export async function bootId(): Promise<string> {
  const random = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => null);
  return random?.trim() ?? String(Math.round(Date.now() / 1_000 - uptime()));
}

export function isSameBoot(one: string, other: string): boolean {
  return one === other || Math.abs(Number(one) - Number(other)) <= CLOCK_DRIFT;
}
