import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { completion, question } from '../support/clientRequests.ts';
import { kill, startClientProcess, testHome, until } from '../support/inferenceProcess.ts';
import type { TestHome } from '../support/inferenceProcess.ts';

describe('one inference process for all clients', function () {
  this.timeout(60_000);
  let home: TestHome;
  beforeEach(async () => {
    home = await testHome();
  });
  afterEach(() => home.dispose());

  it('goes on by the processor when the graphics device is lost', async () => {
    const client = home.client();
    assert.equal((await client.call('load', { role: 'completion', backend: 'webgpu' })).backend, 'webgpu');
    await assert.rejects(client.call('complete', completion('lost')), { code: 'device-lost' });
    assert.equal((await client.call('complete', completion('more'))).text, 'more');
    assert.equal((await client.call('status', {})).models.completion?.backend, 'native');
  });

  it('two windows share one process and one load', async () => {
    const [one, two] = [home.client(), home.client()];
    const models = await Promise.all(
      [one, two].map((client) => client.call('load', { role: 'completion', backend: 'auto' })),
    );
    assert.deepEqual(
      models.map(({ parameters }) => parameters),
      [1, 1],
    );
    const [first, second] = await Promise.all([one.call('status', {}), two.call('status', {})]);
    assert.equal(first.pid, second.pid);
    assert.equal(first.clients, 2);
    await until('the loser of the election has left', () => home.processes().length === 1);
    assert.deepEqual(home.processes(), [first.pid]);
  });

  it('every window hears of a model that one of them loads', async () => {
    const [one, two] = [home.client(), home.client()];
    await two.call('status', {});
    const heard = new Promise<string | undefined>((resolve) => {
      two.onEvent('model', ({ model }) => resolve(model?.name));
    });
    await one.call('load', { role: 'completion', model: 'shared', backend: 'auto' });
    assert.equal(await heard, 'shared');
  });

  it('a waiting completion is superseded by a newer one of its own window only', async () => {
    const [one, two] = [home.client(), home.client()];
    await one.call('load', { role: 'completion', backend: 'auto' });
    await two.call('status', {});
    const running = one.call('complete', completion('work 300'));
    const older = one.call('complete', completion('older'));
    const foreign = two.call('complete', completion('foreign'));
    const newer = one.call('complete', completion('newer'));
    await assert.rejects(older, { code: 'superseded' });
    const texts = await Promise.all([running, foreign, newer].map(async (answer) => (await answer).text));
    assert.deepEqual(texts, ['work 300', 'foreign', 'newer']);
  });

  it('twenty races of three starters each end with one owner', async () => {
    for (let race = 0; race < 20; race += 1) {
      const starters = [home.client(), home.client(), home.client()];
      const pids = await Promise.all(starters.map(async (client) => (await client.call('status', {})).pid));
      assert.equal(new Set(pids).size, 1, `race ${race}`);
      await until('losers have left', () => home.processes().length === 1);
      assert.deepEqual(home.processes(), [pids[0]]);
      // The next race takes over from a killed owner, whose socket is still there.
      await Promise.all(starters.map((client) => client.dispose()));
      kill(pids[0] ?? 0, 'SIGKILL');
      await until('the owner has ended', () => home.processes().length === 0);
    }
  });
});

describe('the inference process ends', function () {
  this.timeout(60_000);
  let home: TestHome;
  let victims: ChildProcess[];
  beforeEach(() => {
    victims = [];
  });
  afterEach(async () => {
    for (const victim of victims) victim.kill('SIGKILL');
    await home.dispose();
  });

  async function startVictim(prefix: string): Promise<void> {
    victims.push(await startClientProcess(home, prefix));
  }

  for (const [state, prefix] of [
    ['at idle', 'nothing'],
    ['in the middle of a long prefill', 'work 30000'],
    ['in the middle of a native call that listens to nobody', 'stubborn 30000'],
  ] as const) {
    it(`within three seconds after all its clients were killed ${state}`, async () => {
      home = await testHome();
      await startVictim(prefix);
      await startVictim(prefix);
      await delay(200);
      assert.equal(home.processes().length, 1);
      for (const victim of victims) victim.kill('SIGKILL');
      await until('no process is left', () => home.processes().length === 0, 3_000);
    });
  }

  it('not while another client lives', async () => {
    home = await testHome();
    const survivor = home.client();
    const { pid } = await survivor.call('status', {});
    await startVictim('work 30000');
    victims[0]?.kill('SIGKILL');
    await delay(1_500);
    assert.equal((await survivor.call('status', {})).pid, pid);
  });

  it('some time after the last goodbye, and not before', async () => {
    home = await testHome({ processArguments: ['--idle-exit-ms', '1000'] });
    const client = home.client();
    await client.call('status', {});
    await client.dispose();
    await delay(500);
    assert.equal(home.processes().length, 1);
    await until('it has ended', () => home.processes().length === 0, 3_000);
  });

  it('later, when somebody comes back in time', async () => {
    home = await testHome({ processArguments: ['--idle-exit-ms', '600'] });
    const first = home.client();
    const { pid } = await first.call('status', {});
    await first.dispose();
    const second = home.client();
    await second.call('status', {});
    await delay(1_000);
    assert.equal((await second.call('status', {})).pid, pid);
  });

  it('when its starter never says hello', async () => {
    home = await testHome({ processArguments: ['--connect-ms', '300'] });
    const client = home.client();
    await client.call('status', {});
    const { entry, home: folder } = home.options;
    await client.dispose();
    for (const pid of home.processes()) kill(pid, 'SIGKILL');
    spawn(process.execPath, [
      entry,
      '--folder',
      home.endpointFolder,
      '--home',
      folder,
      '--connect-ms',
      '300',
    ]).unref();
    await until('it runs', () => home.processes().length === 1);
    await until('it has ended', () => home.processes().length === 0, 3_000);
  });

  it('at SIGTERM, even in the middle of a native call', async () => {
    home = await testHome();
    await startVictim('stubborn 30000');
    for (const pid of home.processes()) kill(pid, 'SIGTERM');
    for (const victim of victims) victim.kill('SIGKILL');
    await until('it has ended', () => home.processes().length === 0, 1_000);
  });
});

describe('unused weights', function () {
  this.timeout(60_000);
  let home: TestHome;
  afterEach(() => home.dispose());

  it('are given back, and loaded again when somebody asks', async () => {
    home = await testHome({ processArguments: ['--unload-ms', '200'] });
    const client = home.client();
    assert.equal((await client.call('load', { role: 'completion', backend: 'auto' })).parameters, 1);
    await until(
      'they are given back',
      async () => (await client.call('status', {})).models.completion === null,
    );
    assert.equal((await client.call('complete', completion('again'))).text, 'again');
    assert.equal((await client.call('status', {})).models.completion?.parameters, 2);
  });

  it('of the chat are given back while completion goes on, and while the chat has them they stay', async () => {
    home = await testHome({ processArguments: ['--unload-ms', '300'] });
    const client = home.client();
    await client.call('load', { role: 'completion', model: 'one', backend: 'auto' });
    await client.call('load', { role: 'chat', model: 'two', backend: 'auto' });
    const models = async () => (await client.call('status', {})).models;
    await client.call('chat', question('work 900'));
    assert.notEqual((await models()).chat, null);
    await until('the chat is idle', async () => {
      await client.call('complete', completion('typing'));
      return (await models()).chat === null;
    });
    assert.notEqual((await models()).completion, null);
    assert.equal((await client.call('chat', question('again'))).answer, 'again');
  });

  it('are given back when the machine is short of memory, and come back when somebody asks', async () => {
    home = await testHome({ processArguments: ['--pressure-ms', '50'] });
    const client = home.client();
    await client.call('load', { role: 'completion', backend: 'auto' });
    await writeFile(join(home.options.home, 'available'), '1');
    await until('they are given back', async () => {
      return (await client.call('status', {})).models.completion === null;
    });
    assert.equal((await client.call('complete', completion('again'))).text, 'again');
  });
});
