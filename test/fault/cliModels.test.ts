import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { InstalledModel } from '../../src/protocol/models.ts';
import { randomCheckpoint, writeCheckpoint } from '../support/checkpoints.ts';
import { type Hub, REPOSITORY, startHub } from '../support/hub.ts';
import { fakeEntry, kill, testHome, type TestHome, until } from '../support/inferenceProcess.ts';

interface Running {
  readonly child: ChildProcess;
  stdout: string;
  stderr: string;
  readonly code: Promise<number | null>;
}

const Listed = v.object({ installed: v.array(InstalledModel) });

describe('models in a terminal', function () {
  this.timeout(60_000);
  let cli: string;
  let checkpoint: string;
  let home: TestHome;
  let hub: Hub;

  before(async () => {
    cli = join(dirname(await fakeEntry()), '..', 'cli.mjs');
    checkpoint = await mkdtemp(join(tmpdir(), 'gemma-hub-'));
    const tiny = randomCheckpoint({ layers: 4, hiddenSize: 256, ffnSize: 1_024 });
    await writeCheckpoint(checkpoint, tiny, { dtype: 'BF16' });
  });
  after(() => rm(checkpoint, { recursive: true }));
  beforeEach(async () => {
    home = await testHome();
    hub = await startHub(checkpoint, { pieceBytes: 65_536 });
  });
  afterEach(async () => {
    await home.dispose();
    await hub[Symbol.asyncDispose]();
  });

  function models(...args: string[]): Running {
    const env = { ...process.env, HF_ENDPOINT: hub.origin, HF_TOKEN: 'hf_secret' };
    const child = spawn(process.execPath, [cli, 'models', ...args, '--home', home.options.home], { env });
    const code = once(child, 'close').then(([value]: (number | null)[]) => value ?? null);
    const running: Running = { child, stdout: '', stderr: '', code };
    child.stdout.on('data', (data: Buffer) => (running.stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (running.stderr += data.toString()));
    return running;
  }

  async function done(...args: string[]): Promise<Running> {
    const running = models(...args);
    assert.equal(await running.code, 0, running.stderr);
    return running;
  }

  const installed = async (): Promise<readonly InstalledModel[]> =>
    (await home.client().call('listModels', {})).installed;
  const totalBytes = (): number => [...hub.files.values()].reduce((total, { length }) => total + length, 0);
  /** Those of the engine, and not of the command. */
  const servants = (running: Running): number[] =>
    home.processes().filter((pid) => pid !== running.child.pid);

  it('measures this machine and says what that means', async () => {
    const measured = await done('bench', '--json');
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
    await until('the process has started', () => servants(measured).length > 0);
    measured.child.kill('SIGINT');
    assert.equal(await measured.code, 130, measured.stderr);
    assert.equal(measured.stdout, '');
  });

  it('knows a wrong command from a failure', async () => {
    const wrong = [
      models('fly'),
      models('get', 'no such model'),
      models('rm', 'gemma-3-1b-it'),
      models('get', 'gemma-3-1b-it', '--endpoint', 'no address'),
    ];
    for (const { code } of wrong) assert.equal(await code, 2);
    for (const { stderr } of wrong) assert.match(stderr, /^[^\n]+\n$/u);
    const helped = await done('--help');
    assert.match(helped.stdout, /^models COMMAND/u);
  });

  it('downloads a model, shows it and removes it', async () => {
    const got = await done('get', REPOSITORY, '--quantization', 'q8');
    assert.match(got.stdout, /^tiny is installed: q8, [\d.]+ MB\.\n$/u);
    assert.match(got.stderr, /^tiny: (?:asking the hub|\d+ % of )/u);
    const { stdout } = await done('list', '--json');
    const [model, ...others] = v.parse(Listed, JSON.parse(stdout)).installed;
    assert.deepEqual([model?.id, model?.origin?.kind, others], ['tiny', 'hub', []]);
    assert.match((await done('rm', 'tiny')).stdout, /^tiny is removed/u);
    assert.deepEqual(await installed(), []);
  });

  it('pauses a download by Ctrl+C and goes on where it was', async () => {
    hub.pieceDelayMs = 20;
    const paused = models('get', REPOSITORY, '--quantization', 'q8');
    await until('some of it is here', () => hub.servedBytes > totalBytes() / 4);
    paused.child.kill('SIGINT');
    assert.equal(await paused.code, 130, paused.stderr);
    assert.match(paused.stderr, /Go on with: models get google\/tiny\n$/u);
    assert.match(
      (await done('list')).stdout,
      /tiny {2}\d+ % of .*, paused \(go on: models get google\/tiny\)\n/u,
    );
    hub.pieceDelayMs = 0;
    await done('get', REPOSITORY, '--quantization', 'q8');
    assert.ok(hub.servedBytes <= 1.05 * totalBytes() + 1_000_000, `${hub.servedBytes} bytes`);
  });

  it('goes on with a download when the process was killed', async () => {
    hub.pieceDelayMs = 20;
    const got = models('get', REPOSITORY, '--quantization', 'q8');
    await until('some of it is here', () => hub.servedBytes > totalBytes() / 4);
    for (const pid of servants(got)) kill(pid, 'SIGKILL');
    hub.pieceDelayMs = 0;
    assert.equal(await got.code, 0, got.stderr);
    assert.match(got.stdout, /^tiny is installed/u);
  });

  it('says where a licence is accepted, and never a token', async () => {
    hub.answer = () => ({ status: 403, headers: { 'x-error-code': 'GatedRepo' } });
    const gated = models('get', REPOSITORY);
    assert.equal(await gated.code, 1);
    assert.ok(gated.stderr.includes(`${hub.origin}/${REPOSITORY}`), gated.stderr);
    hub.answer = () => ({ status: 401 });
    const unknown = models('get', REPOSITORY);
    assert.equal(await unknown.code, 1);
    assert.match(unknown.stderr, /--token-file or HF_TOKEN/u);
    for (const { stdout, stderr } of [gated, unknown]) assert.ok(!`${stdout}${stderr}`.includes('hf_secret'));
  });

  it('takes a model from a folder', async () => {
    const { stdout } = await done('import', checkpoint, '--quantization', 'q8');
    const [, id = ''] = /^(\S+) is installed: q8/u.exec(stdout) ?? [];
    const [model] = await installed();
    assert.deepEqual([model?.id, model?.origin?.kind], [id, 'folder']);
  });
});
