import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { vscodeHostPaths } from '../../scripts/setup/vscodeHost.mjs';
import { stopInferenceProcesses } from './inferenceProcesses.ts';
import { logTails } from './logTails.ts';

export type Settings = Readonly<Record<string, unknown>>;

export interface ServerOptions {
  /** Private folder for everything the server and its extensions write. */
  readonly folder: string;
  /** The person's settings, on top of {@link calmSettings}. */
  readonly settings?: Settings;
  /** Environment of the server and so of the extension host, on top of this process's. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Folders are not trusted until the person says so; otherwise all are. */
  readonly workspaceTrust?: boolean;
  /** Program and arguments that start the server in our stead, such as a system call tracer. */
  readonly launcher?: readonly string[];
}

/** VS Code's own server on loopback. */
export interface VsCodeServer {
  readonly port: number;
  readonly pid: number;
  /** Resolves, never rejects, when the process ended. */
  readonly ended: Promise<void>;
  installExtension(vsix: string): Promise<void>;
  /** The ends of its logs and of the inference process's. */
  logs(): Promise<string>;
  /** Ends the server, its extension hosts and their inference processes. */
  stop(): Promise<void>;
}

/** What a person would not have to see: no welcome page, no network features, no surprises while typing. */
export const calmSettings: Settings = {
  'chat.disableAIFeatures': true,
  'editor.minimap.enabled': false,
  // The suggest widget hides ghost text that does not extend its selected entry.
  'editor.quickSuggestions': { other: 'off', comments: 'off', strings: 'off' },
  'editor.suggestOnTriggerCharacters': false,
  'extensions.ignoreRecommendations': true,
  'files.autoSave': 'off',
  'git.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'workbench.colorTheme': 'Default Dark Modern',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
};

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 5_000;

/** Starts the server of `.vscode-host/` and waits until it answers. */
export async function startServer(options: ServerOptions): Promise<VsCodeServer> {
  const { node, serverMain } = vscodeHostPaths();
  const data = await prepareFolders(options);
  const environment = isolatedEnvironment(options);
  const port = await freePort();
  const log = openSync(path.join(options.folder, 'server.log'), 'a');
  const [program, ...before] = [...(options.launcher ?? []), node];
  const child = spawn(
    program,
    [
      ...before,
      serverMain,
      '--host=127.0.0.1',
      `--port=${port}`,
      '--without-connection-token',
      '--accept-server-license-terms',
      '--disable-telemetry',
      '--disable-experiments',
      ...(options.workspaceTrust === true ? [] : ['--disable-workspace-trust']),
      // A built workbench reads the test keys of the page's address only with this.
      '--enable-smoke-test-driver',
      // Seconds; otherwise the extension host of a closed window lives on for three hours.
      '--reconnection-grace-time=5',
      ...data,
    ],
    { stdio: ['ignore', log, log], detached: true, env: environment },
  );
  await once(child, 'spawn');
  const ended = once(child, 'exit').then(() => undefined);
  const killAtExit = () => signalGroup(child, 'SIGKILL');
  process.once('exit', killAtExit);

  const server: VsCodeServer = {
    port,
    pid: child.pid ?? 0,
    ended,
    installExtension: (vsix) =>
      runToEnd(node, [serverMain, '--install-extension', vsix, ...data], environment),
    logs: () => logTails(options.folder),
    async stop() {
      process.off('exit', killAtExit);
      signalGroup(child, 'SIGTERM');
      await Promise.race([ended, sleep(STOP_LIMIT_MS, undefined, { ref: false })]);
      signalGroup(child, 'SIGKILL');
      await stopInferenceProcesses(path.join(options.folder, 'run'));
    },
  };
  try {
    await answering(server);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

async function prepareFolders({ folder, settings }: ServerOptions): Promise<string[]> {
  const userData = path.join(folder, 'user-data');
  // What belongs to a machine is looked for in the settings of the machine that the server runs on.
  for (const scope of ['User', 'Machine']) {
    await mkdir(path.join(userData, scope), { recursive: true });
    await writeFile(
      path.join(userData, scope, 'settings.json'),
      JSON.stringify({ ...calmSettings, ...settings }, undefined, 2),
    );
  }
  for (const name of ['home', 'tmp', 'run']) await mkdir(path.join(folder, name), { mode: 0o700 });
  return [
    `--server-data-dir=${path.join(folder, 'server-data')}`,
    `--user-data-dir=${userData}`,
    `--extensions-dir=${path.join(folder, 'extensions')}`,
  ];
}

/** A person of its own: nothing of the real home folder is read or written, no running inference process is met. */
function isolatedEnvironment({ folder, environment }: ServerOptions): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(NODE_OPTIONS$|VSCODE_|XDG_|npm_)/i.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    HOME: path.join(folder, 'home'),
    TMPDIR: path.join(folder, 'tmp'),
    XDG_RUNTIME_DIR: path.join(folder, 'run'),
    // No marketplace: its look-ups would fail and fill the log.
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
    ...environment,
  };
}

async function answering(server: VsCodeServer): Promise<void> {
  const limit = AbortSignal.timeout(START_LIMIT_MS);
  const gone = new AbortController();
  void server.ended.then(() => gone.abort());
  while (!limit.aborted && !gone.signal.aborted) {
    const response = await fetch(`http://127.0.0.1:${server.port}/version`).catch(() => undefined);
    if (response?.ok) return;
    await sleep(30);
  }
  throw new Error(`VS Code's server did not start.\n${await server.logs()}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('No free port.')),
      );
    });
  });
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The whole group is gone already.
  }
}

async function runToEnd(program: string, args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  let output = '';
  child.stdout.on('data', (text) => (output += String(text)));
  child.stderr.on('data', (text) => (output += String(text)));
  const [code] = await once(child, 'close');
  if (code !== 0)
    throw new Error(`${path.basename(program)} ${args.join(' ')} ended with ${code}:\n${output}`);
}
