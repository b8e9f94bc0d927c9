import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import * as v from 'valibot';
import { BackendChoice, Quantization } from '../protocol/engine.ts';
import { GemmaError } from '../protocol/errors.ts';
import { ModelId } from '../protocol/models.ts';

type OptionTable = NonNullable<ParseArgsConfig['options']>;

/** Options that several commands share. */
export const sharedOptions = {
  help: { type: 'boolean', short: 'h', default: false },
  home: { type: 'string' },
} as const satisfies OptionTable;
export const modelOptions = {
  ...sharedOptions,
  json: { type: 'boolean', default: false },
  model: { type: 'string' },
  backend: { type: 'string', default: 'auto' },
} as const satisfies OptionTable;

interface Config<T extends OptionTable> {
  args: string[];
  options: T;
  allowPositionals: true;
  strict: true;
}

/** @throws GemmaError `bad-input` on unknown or incomplete options */
export function readOptions<T extends OptionTable>(
  args: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<Config<T>>> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new GemmaError('bad-input', error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

/** The only positional argument. @throws GemmaError `bad-input` */
export function onlyPositional(positionals: readonly string[], what: string): string {
  const [value, ...more] = positionals;
  if (value === undefined || more.length > 0) {
    throw new GemmaError('bad-input', `Exactly one ${what} is needed; see --help.`);
  }
  return value;
}

/** @throws GemmaError `bad-input` */
export function noPositionals([first]: readonly string[]): void {
  if (first !== undefined) throw new GemmaError('bad-input', `${first} is not understood; see --help.`);
}

/** What `--model` names: a folder that is there, or else an installed model. */
export function modelOption(value: string): string {
  return v.is(ModelId, value) && !existsSync(value) ? value : resolve(value);
}

export function backendOption(value: string): BackendChoice {
  const parsed = v.safeParse(BackendChoice, value);
  if (!parsed.success) throw new GemmaError('bad-input', '--backend must be auto, webgpu, native or wasm.');
  return parsed.output;
}

export function quantizationOption(value: string): Quantization {
  const parsed = v.safeParse(Quantization, value);
  if (!parsed.success) throw new GemmaError('bad-input', '--quantization must be q4, q8 or f32.');
  return parsed.output;
}

/** Imported models can be made again, so they live where the system keeps such files. */
export function homeOption(value: string | undefined): string {
  if (value !== undefined) return resolve(value);
  const { platform, env } = process;
  if (platform === 'win32') return join(env['LOCALAPPDATA'] ?? homedir(), 'gemma-code');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'gemma-code');
  return join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'gemma-code');
}
