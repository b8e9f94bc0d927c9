import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Endpoint } from './endpoint.ts';
import { processEnvironment } from './processEnvironment.ts';
import type { ProcessOptions } from './processOptions.ts';

/** A process on its way to become the owner of the endpoint. */
export interface SpawnedProcess {
  /** Null while it runs. */
  readonly exited: { readonly failed: boolean } | null;
  /** One sentence about a failed start, with the last line the process wrote. */
  cause(): Promise<string>;
  kill(): void;
  /** Forgets the process without ending it. */
  dispose(): Promise<void>;
}

/** What a start error says fits in this; nothing else is written there. */
const MAX_CAUSE_CHARS = 300;

/** Starts the inference process detached from this one: no shared session, environment, pipes or handles. */
export async function spawnProcess(endpoint: Endpoint, options: ProcessOptions): Promise<SpawnedProcess> {
  const errorPath = join(endpoint.folder, `start-${randomBytes(4).toString('hex')}.log`);
  const errorFile = await open(errorPath, 'wx', 0o600);
  const child = spawn(process.execPath, processArguments(endpoint, options), {
    detached: true,
    windowsHide: true,
    cwd: endpoint.folder,
    env: processEnvironment(process.env),
    stdio: ['ignore', 'ignore', errorFile.fd],
  });
  child.unref();
  let exited: { failed: boolean } | null = null;
  let ending = '';
  child.once('error', (error) => {
    exited = { failed: true };
    ending = error.message;
  });
  child.once('exit', (code, signal) => {
    exited = { failed: code !== 0 };
    ending = code === null ? `signal ${signal}` : `exit code ${code}`;
  });
  await errorFile.close();

  return {
    get exited() {
      return exited;
    },
    async cause() {
      const lines = (await readFile(errorPath, 'utf8').catch(() => '')).split('\n');
      const line =
        lines.find((text) => /error/i.test(text)) ?? lines.find((text) => text.trim() !== '') ?? '';
      const detail = line.trim().slice(0, MAX_CAUSE_CHARS);
      return `The inference process could not be started (${ending})${detail === '' ? '.' : `: ${detail}`}`;
    },
    kill: () => child.kill('SIGKILL'),
    dispose: () => unlink(errorPath).catch(() => undefined),
  };
}

function processArguments(endpoint: Endpoint, options: ProcessOptions): string[] {
  const list = [options.entry, '--folder', endpoint.folder, '--home', options.home];
  if (endpoint.pipe !== null) list.push('--pipe', endpoint.pipe);
  if (options.embeddedModel !== undefined) list.push('--embedded-model', options.embeddedModel);
  return [...list, ...(options.processArguments ?? [])];
}
