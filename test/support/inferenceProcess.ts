import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { build } from 'esbuild';
import { EngineClient } from '../../src/client/engineClient.ts';
import { endpointFor } from '../../src/client/endpoint.ts';
import type { ProcessOptions } from '../../src/client/processOptions.ts';

const VERSION = '0.0.0-test';

/** A home of its own, and so an inference process of its own, for one test. */
export interface TestHome {
  readonly options: ProcessOptions;
  readonly endpointFolder: string;
  client(more?: Partial<ProcessOptions>): EngineClient;
  /** Process ids of all inference processes of this home, running or stopped. */
  processes(): number[];
  /** Closes the clients, ends every process, removes the folders. */
  dispose(): Promise<void>;
}

let bundle: Promise<string> | null = null;

/** Bundles the process with the scripted engine, and the CLI, as they lie in the product; once for all tests. */
export function fakeEntry(): Promise<string> {
  bundle ??= (async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gemma-fault-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    await build({
      entryPoints: {
        cli: 'src/cli/main.ts',
        'inference/main': 'test/support/fakeEngineMain.ts',
        'inference/fakeEngineWorker': 'test/support/fakeEngineWorker.ts',
        'inference/storeWorker': 'src/inference/store/worker.ts',
        'inference/clientProcess': 'test/support/clientProcess.ts',
      },
      outdir: join(folder, 'dist'),
      outExtension: { '.js': '.mjs' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
    });
    await writeFile(join(folder, 'package.json'), JSON.stringify({ version: VERSION }));
    return join(folder, 'dist', 'inference', 'main.mjs');
  })();
  return bundle;
}

export async function testHome(more: Partial<ProcessOptions> = {}): Promise<TestHome> {
  const home = await mkdtemp(join(tmpdir(), 'gemma-home-'));
  const options: ProcessOptions = {
    entry: await fakeEntry(),
    home,
    version: VERSION,
    client: 'test',
    embeddedModel: join(home, 'embedded'),
    ...more,
  };
  const endpointFolder = endpointFor(home, VERSION).folder;
  const clients: EngineClient[] = [];
  const processes = (): number[] => processesWith(home);
  return {
    options,
    endpointFolder,
    client(extra = {}) {
      const client = new EngineClient({ ...options, ...extra });
      clients.push(client);
      return client;
    },
    processes,
    async dispose() {
      await Promise.all(clients.map((client) => client.dispose()));
      for (const pid of processes()) kill(pid, 'SIGKILL');
      await until('every process has ended', () => processes().length === 0);
      await rm(home, { recursive: true, force: true });
      await rm(endpointFolder, { recursive: true, force: true });
    },
  };
}

/** A client in a process of its own, connected and loaded, that has just asked for a completion of `prefix`. */
export async function startClientProcess(home: TestHome, prefix: string): Promise<ChildProcess> {
  const { entry, home: folder, version, embeddedModel = '' } = home.options;
  const script = join(dirname(await fakeEntry()), 'clientProcess.mjs');
  const child = spawn(process.execPath, [script, entry, folder, version, embeddedModel, prefix], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  return child;
}

/** A process that has ended meanwhile is fine. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone.
  }
}

/** Polls until `condition` holds; fails after `ms`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  ms = 10_000,
): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Waited ${ms} ms in vain until ${what}.`);
    await delay(20);
  }
}

/** Sockets and other files of the endpoint. */
export function endpointFiles(home: TestHome): Promise<string[]> {
  return readdir(home.endpointFolder);
}

/** `--home` is unique for each test; zombies have no command line. Linux only, like the signals these tests use. */
function processesWith(home: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => commandLine(pid).includes(`\0--home\0${home}\0`)).map(Number);
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
