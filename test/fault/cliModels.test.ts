import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fakeEntry, testHome, type TestHome, until } from '../support/inferenceProcess.ts';

interface Running {
  readonly child: ChildProcess;
  stdout: string;
  stderr: string;
  readonly code: Promise<number | null>;
}

describe('models in a terminal', function () {
  this.timeout(60_000);
  let cli: string;
  let home: TestHome;

  before(async () => {
    cli = join(dirname(await fakeEntry()), '..', 'cli.mjs');
  });
  beforeEach(async () => {
    home = await testHome();
  });
  afterEach(() => home.dispose());

  function models(...args: string[]): Running {
    const child = spawn(process.execPath, [cli, 'models', ...args, '--home', home.options.home]);
    const code = once(child, 'close').then(([value]: (number | null)[]) => value ?? null);
    const running: Running = { child, stdout: '', stderr: '', code };
    child.stdout.on('data', (data: Buffer) => (running.stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (running.stderr += data.toString()));
    return running;
  }

  it('measures this machine and says what that means', async () => {
    const measured = models('bench', '--json');
    assert.equal(await measured.code, 0, measured.stderr);
    assert.equal(measured.stderr, '');
    const { machine, expected }: { machine: { cores: number }; expected: readonly { backend: string }[] } =
      JSON.parse(measured.stdout);
    assert.ok(machine.cores >= 1);
    assert.deepEqual(
      expected.map(({ backend }) => backend),
      ['native'],
    );
  });

  it('ends a measurement by Ctrl+C', async () => {
    const measured = models('bench', '--backend', 'wasm');
    await until('the process has started', () => home.processes().some((pid) => pid !== measured.child.pid));
    measured.child.kill('SIGINT');
    assert.equal(await measured.code, 130, measured.stderr);
    assert.equal(measured.stdout, '');
  });

  it('knows a wrong command from a failure', async () => {
    const wrong = [
      models('fly'),
      models('get', 'no such model'),
      models('get'),
      models('bench', 'now'),
      models('get', 'gemma-3-1b-it', '--quantization', 'q5'),
      models('get', 'gemma-3-1b-it', '--endpoint', 'no address'),
    ];
    for (const { code } of wrong) assert.equal(await code, 2);
    for (const { stderr } of wrong) assert.match(stderr, /^[^\n]+\n$/u);
    const helped = models('--help');
    assert.equal(await helped.code, 0);
    assert.match(helped.stdout, /^models COMMAND/u);
  });
});
