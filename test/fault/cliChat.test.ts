import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { testHome, type TestHome, until } from '../support/inferenceProcess.ts';
import { installScriptedEngine, type ScriptedEngine } from '../support/scripted/installScriptedEngine.ts';
import { defaultScript } from '../support/scripted/script.ts';

/** A program that is running, and what it has written so far. */
interface Running {
  readonly child: ChildProcess;
  stdout: string;
  stderr: string;
  readonly code: Promise<number | null>;
}

function start(command: string, args: readonly string[]): Running {
  const child = spawn(command, args, { stdio: 'pipe' });
  const code = once(child, 'close').then(([value]: (number | null)[]) => value ?? null);
  const running: Running = { child, stdout: '', stderr: '', code };
  child.stdout.on('data', (data: Buffer) => (running.stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (running.stderr += data.toString()));
  return running;
}

describe('chatting in a terminal', function () {
  this.timeout(60_000);
  let folder: string;
  let cli: string;
  let scripted: ScriptedEngine;
  let home: TestHome;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gemma-cli-'));
    cli = join(folder, 'dist', 'cli.mjs');
    await build({
      entryPoints: ['src/cli/main.ts'],
      outfile: cli,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
    });
    scripted = await installScriptedEngine(folder);
  });
  beforeEach(async () => {
    home = await testHome();
    // The command line is a client of its own version.
    await writeFile(join(folder, 'package.json'), JSON.stringify({ version: home.options.version }));
    await scripted.setScript(defaultScript);
  });
  afterEach(() => home.dispose());
  after(() => rm(folder, { recursive: true, force: true }));

  const chat = (...args: string[]): Running =>
    start(process.execPath, [cli, 'chat', ...args, '--home', home.options.home]);

  /** With a terminal on its standard streams. */
  const chatInTerminal = (...args: string[]): Running => {
    const command = [process.execPath, cli, 'chat', ...args, '--home', home.options.home].join(' ');
    return start('script', ['-qefc', command, '/dev/null']);
  };

  it('answers the question of its argument, and nothing else on stdout', async () => {
    const run = chat('please explain', '--system', 'Be brief.');
    assert.equal(await run.code, 0, run.stderr);
    assert.match(run.stdout, /^The function \*\*`median`\*\*[^]*returns `NaN`\.\n\n$/);
    assert.equal(run.stderr, '');
    const received = (await scripted.received()).at(-1);
    assert.deepEqual(
      [received?.system, received?.turns],
      ['Be brief.', [{ role: 'user', text: 'please explain' }]],
    );
  });

  it('reads a question of many lines from its standard input', async () => {
    const run = chat();
    run.child.stdin?.end('fix this:\nlet a = ;\n');
    assert.equal(await run.code, 0, run.stderr);
    assert.match(run.stdout, /began at `1`/);
    const received = (await scripted.received()).at(-1);
    assert.equal(received?.turns[0]?.text, 'fix this:\nlet a = ;\n');
  });

  it('shows control characters instead of sending them to the terminal', async () => {
    const answer = 'red\u001B[31m and\u0007 \u009B2J done';
    await scripted.setScript({ tokensPerSecond: 1_000, answers: [{ when: '', answer }] });
    const run = chat('anything');
    assert.equal(await run.code, 0, run.stderr);
    assert.equal(run.stdout, 'red\uFFFD[31m and\uFFFD \uFFFD2J done\n');
  });

  it('refuses what it can not use, in one line', async () => {
    const nothing = chat();
    nothing.child.stdin?.end(' \n');
    assert.equal(await nothing.code, 2);
    assert.match(nothing.stderr, /^There is no question[^\n]*\n$/);

    await scripted.setScript({ ...defaultScript, chat: false });
    const base = chat('why?');
    assert.equal(await base.code, 2);
    assert.match(base.stderr, /^gemma-scripted-it was not trained for conversations[^\n]*\n$/);
    assert.equal(base.stdout, '');
  });

  it('keeps what was written when the model fails', async () => {
    const run = chat('fail');
    assert.equal(await run.code, 1);
    assert.equal(run.stdout, 'It begins well, \n');
    assert.match(run.stderr, /^The model failed on purpose\.\n$/);
  });

  it('ends when it is interrupted, with what was written', async () => {
    const run = chat('slow');
    await until('some words are there', () => run.stdout.length > 10);
    run.child.kill('SIGINT');
    assert.equal(await run.code, 130);
    assert.match(run.stdout, /^One word after [^]*\n$/);
    assert.equal(run.stderr, '');
  });

  it('goes on from turn to turn in a terminal, stops an answer at Ctrl+C, and ends at the next', async () => {
    const run = chatInTerminal();
    const type = (text: string): void => void run.child.stdin?.write(text);
    await until('it asks', () => run.stdout.includes('> '));
    type('slow first\r');
    await until('some words are there', () => run.stdout.includes('One word after'));
    type('\u0003');
    await until('it asks again', () => run.stdout.lastIndexOf('> ') > run.stdout.indexOf('One word'));
    type('and then\r');
    await until('the second answer is there', () => run.stdout.includes('https://example.com/'));
    const received = (await scripted.received()).at(-1);
    assert.deepEqual(
      received?.turns.map(({ role }) => role),
      ['user', 'model', 'user'],
    );
    const [question, stopped, next] = received?.turns ?? [];
    assert.deepEqual([question?.text, next?.text], ['slow first', 'and then']);
    assert.ok(stopped?.text.startsWith('One word after') && stopped.text.length < 300);
    await until('it asks once more', () => /example\.com[^]*> /.test(run.stdout));
    type('\u0003');
    assert.equal(await run.code, 0);
  });
});
