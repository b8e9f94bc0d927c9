import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EngineClient } from '../src/client/engineClient.ts';
import { completionWindow } from '../src/completion/windows.ts';
import type { BackendName, CompleteResult } from '../src/protocol/engine.ts';
import { median, table } from './report.ts';

/**
 * What a person waits for, on each backend, in one interleaved run: start, load, the first suggestion in a document,
 * the next ones while typing, and the tokens themselves. Compare the ratios; the milliseconds are this machine's.
 */
const ROUNDS = 15;
const KEYS = 5;
const root = fileURLToPath(new URL('..', import.meta.url));
const source = await readFile(join(root, 'bench/sample.ts.txt'), 'utf8');
/** Where the typing happens: well inside the file, so that the prompt is as long as the model's context allows. */
const [before = '', after = ''] = source.split('▮');
/** The rest of the cursor's line has not been typed yet. */
const rest = after.slice(0, after.indexOf('\n'));
const below = after.slice(rest.length);

interface Startup {
  readonly startMs: number;
  readonly firstLoadMs: number;
  readonly loadMs: number;
}

class Bench {
  readonly backend: BackendName;
  readonly cold: CompleteResult[] = [];
  readonly typed: CompleteResult[] = [];
  readonly #client: EngineClient;
  readonly #home: string;

  constructor(backend: BackendName, home: string) {
    this.backend = backend;
    this.#home = home;
    this.#client = this.#connect();
  }

  /** Starts the process, imports the embedded model and loads it; then loads the imported one again. */
  async start(): Promise<Startup> {
    const begin = performance.now();
    await this.#client.call('status', {});
    const started = performance.now();
    const { loadMs } = await this.#client.call('load', { role: 'completion', backend: this.backend });
    return { startMs: started - begin, firstLoadMs: performance.now() - started, loadMs };
  }

  /** One cold prompt, then some keys typed after it. */
  async round(number: number): Promise<void> {
    // The text below the cursor comes first in the prompt: another one shares no more with it than the first tokens.
    const variant = `\n// variant ${number}${below}`;
    this.cold.push(await this.#complete('', variant));
    for (let key = 1; key <= KEYS; key++) this.typed.push(await this.#complete(rest.slice(0, key), variant));
  }

  async stop(): Promise<number> {
    const { residentBytes } = await this.#client.call('status', {});
    await this.#client.dispose();
    // The process may still be closing its files.
    await rm(this.#home, { recursive: true, force: true, maxRetries: 10 });
    return residentBytes / 1e6;
  }

  #connect(): EngineClient {
    return new EngineClient({
      entry: join(root, 'dist/inference/main.mjs'),
      home: this.#home,
      version: 'bench',
      client: 'bench',
      processArguments: ['--idle-exit-ms', '500'],
    });
  }

  #complete(typed: string, under: string): Promise<CompleteResult> {
    const cursor = before.length + typed.length;
    const { prefix, suffix } = completionWindow(before + typed + under, cursor);
    return this.#client.call('complete', {
      document: 'bench:///sample.ts',
      fileName: 'sample.ts',
      languageId: 'typescript',
      prefix,
      suffix,
      neighbors: [],
      trigger: 'invoked',
    });
  }
}

interface Measured extends Startup {
  readonly bench: Bench;
  readonly residentMb: number;
}

const running: (Startup & { bench: Bench })[] = [];
for (const backend of ['native', 'wasm'] as const) {
  const bench = new Bench(backend, await mkdtemp(join(tmpdir(), 'gemma-code-bench-')));
  try {
    running.push({ bench, ...(await bench.start()) });
  } catch (error) {
    console.error(`${backend}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
for (let number = 0; number < ROUNDS; number++) for (const { bench } of running) await bench.round(number);
const measured: Measured[] = [];
for (const run of running) measured.push({ ...run, residentMb: await run.bench.stop() });

const firstTokenMs = (results: readonly CompleteResult[]): number =>
  median(results.map((result) => result.prefillMs));
const lines: [string, (run: Measured) => number][] = [
  ['start the process (ms)', (run) => run.startMs],
  ['first load, import included (ms)', (run) => run.firstLoadMs],
  ['load (ms)', (run) => run.loadMs],
  ['memory of the process (MB)', (run) => run.residentMb],
  ['prompt (tokens)', ({ bench }) => median(bench.cold.map((result) => result.promptTokens))],
  ['time to first token, cold (ms)', ({ bench }) => firstTokenMs(bench.cold)],
  ['time to first token, next key (ms)', ({ bench }) => firstTokenMs(bench.typed)],
  ['cold : next key', ({ bench }) => firstTokenMs(bench.cold) / firstTokenMs(bench.typed)],
  [
    'tokens prefilled at the next key',
    ({ bench }) => median(bench.typed.map((result) => result.promptTokens - result.cachedTokens)),
  ],
  [
    'write and rank, per written token (ms)',
    ({ bench }) =>
      median(
        bench.typed.filter((result) => result.tokens > 0).map((result) => result.decodeMs / result.tokens),
      ),
  ],
];
const ratio = (values: readonly number[]): number => (values[1] ?? NaN) / (values[0] ?? NaN);
console.log(
  table(
    ['', ...measured.map((run) => run.bench.backend), 'wasm : native'],
    lines.map(([name, value]) => {
      const values = measured.map(value);
      return [name, values, ratio(values)].flat();
    }),
  ),
);
