import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

/** What a machine lives on now; `unknown`: it can't be told, or there is no battery. */
export type PowerSource = 'battery' | 'mains' | 'unknown';

const SUPPLIES = '/sys/class/power_supply';

/** A question to the system that isn't answered by then counts as not answered. */
const LIMIT_MS = 10_000;

/** Numbers of Win32_Battery's `BatteryStatus`, one a line. */
const WINDOWS_QUERY = '(Get-CimInstance -ClassName Win32_Battery).BatteryStatus';

/** Asks the system. Never fails. */
export async function powerSource(platform: NodeJS.Platform = process.platform): Promise<PowerSource> {
  try {
    if (platform === 'linux') return sourceOfSupplies(await readSupplies());
    if (platform === 'darwin') return sourceOfPmset(await output('/usr/bin/pmset', ['-g', 'batt']));
    if (platform !== 'win32') return 'unknown';
    const args = ['-NoProfile', '-NonInteractive', '-Command', WINDOWS_QUERY];
    return sourceOfBatteryStatus(await output('powershell.exe', args));
  } catch {
    return 'unknown';
  }
}

/** Files of one folder below /sys/class/power_supply, as far as they are there. */
export interface Supply {
  /** `Mains`, `USB`, `Wireless`, `Battery` or `UPS`. */
  readonly type: string;
  /** `1`: it supplies. */
  readonly online?: string | undefined;
  /** `Charging`, `Discharging`, `Not charging`, `Full` or `Unknown`. */
  readonly status?: string | undefined;
  /** `Device`: of a mouse or a headset. */
  readonly scope?: string | undefined;
}

export function sourceOfSupplies(supplies: readonly Supply[]): PowerSource {
  const own = supplies.filter(({ scope }) => scope !== 'Device');
  const batteries = own.filter(({ type }) => type === 'Battery');
  const others = own.filter(({ type }) => type !== 'Battery' && type !== 'UPS');
  if (batteries.length === 0) return 'unknown';
  if (others.some(({ online }) => online === '1')) return 'mains';
  if (batteries.some(({ status }) => status === 'Discharging')) return 'battery';
  return batteries.some(({ status }) => status !== undefined && status !== 'Unknown') ? 'mains' : 'unknown';
}

/** @param printed by `pmset -g batt` */
export function sourceOfPmset(printed: string): PowerSource {
  const source = /Now drawing from '([^']+)'/u.exec(printed)?.[1];
  if (source === 'AC Power') return 'mains';
  return source === 'Battery Power' || source === 'UPS Power' ? 'battery' : 'unknown';
}

/** Discharging, low, critical; all others are on the mains. */
const DISCHARGING = new Set(['1', '4', '5']);

/** @param printed numbers, one a line; nothing where there is no battery */
export function sourceOfBatteryStatus(printed: string): PowerSource {
  const statuses = printed.split(/\s+/u).filter((word) => /^\d+$/u.test(word));
  if (statuses.length === 0) return 'unknown';
  return statuses.some((status) => DISCHARGING.has(status)) ? 'battery' : 'mains';
}

async function readSupplies(): Promise<Supply[]> {
  const names = await readdir(SUPPLIES);
  return Promise.all(
    names.map(async (name) => {
      const [type, online, status, scope] = await Promise.all(
        ['type', 'online', 'status', 'scope'].map((file) => readTrimmed(path.join(SUPPLIES, name, file))),
      );
      return { type: type ?? '', online, status, scope };
    }),
  );
}

async function readTrimmed(file: string): Promise<string | undefined> {
  return (await readFile(file, 'utf8').catch(() => undefined))?.trim();
}

async function output(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { timeout: LIMIT_MS, windowsHide: true });
  return stdout;
}
