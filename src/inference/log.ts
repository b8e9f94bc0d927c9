import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Events with numbers. By its type nothing of the user's text can get in. */
export type Log = (event: string, numbers?: Readonly<Record<string, number>>) => void;

/** Weeks of ordinary use. */
const MAX_LOG_BYTES = 262_144;

/**
 * Appends one JSON object per line to `path`; a full file becomes `path.1`, replacing an older one.
 * A log that can't be written is no reason to fail.
 */
export function openLog(path: string): Log {
  return (event, numbers = {}) => {
    const line = JSON.stringify({ time: new Date().toISOString(), pid: process.pid, event, ...numbers });
    try {
      mkdirSync(dirname(path), { recursive: true });
      if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES)
        renameSync(path, `${path}.1`);
      appendFileSync(path, `${line}\n`, { mode: 0o600 });
    } catch {
      // Disk full or read-only.
    }
  };
}
