import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EngineClient } from '../../src/client/engineClient.ts';
import { randomCheckpoint, writeCheckpoint } from '../support/checkpoints.ts';
import { completion } from '../support/clientRequests.ts';
import { REPOSITORY, startHub } from '../support/hub.ts';
import { networkTo } from '../support/hubNetwork.ts';
import { kill, startClientProcess, testHome, until } from '../support/inferenceProcess.ts';
import type { TestHome } from '../support/inferenceProcess.ts';

const entry = resolve('dist/inference/main.mjs');
/** Fills the embedded model's context: its prefill takes as long as a prefill can. */
const long = Array.from(
  { length: 600 },
  (_, line) => `const value${line} = compute(${line}, other${line % 7});`,
);

describe('the built inference process with the embedded model', function () {
  this.timeout(120_000);
  let home: TestHome;

  before(() => assert.ok(existsSync(entry), 'Build first: npm run build'));
  beforeEach(async () => {
    home = await testHome({ entry, embeddedModel: resolve('models/pebble') });
  });
  afterEach(() => home.dispose());

  for (const [state, waitMs] of [
    ['at idle', null],
    ['at the beginning of a prefill', 2],
    ['during prefill or decode', 25],
    ['near the end of a completion', 60],
  ] as const) {
    it(`killed ${state}: the next suggestion comes from a new process`, async () => {
      const client = home.client();
      const pid = await load(client);
      const running = waitMs === null ? null : client.call('complete', completion(prompt(1)));
      await delay(waitMs ?? 0);
      kill(pid, 'SIGKILL');
      await running;
      await until('the old process is gone', () => !home.processes().includes(pid));
      const { backend } = await client.call('complete', completion(prompt(2)));
      assert.notEqual(backend, null);
      assert.notEqual((await client.call('status', {})).pid, pid);
    });
  }

  it('killed while importing and loading for the first time: the load is answered all the same', async () => {
    const client = home.client();
    const loading = client.call('load', { role: 'completion', backend: 'auto' });
    const { pid } = await client.call('status', {});
    await delay(100);
    kill(pid, 'SIGKILL');
    assert.equal((await loading).architecture, 'gemma3');
  });

  it('downloads a model of a hub, and runs it by its name', async () => {
    const checkpoint = join(home.options.home, 'checkpoint');
    await writeCheckpoint(checkpoint, randomCheckpoint(), { dtype: 'BF16' });
    await using hub = await startHub(checkpoint);
    const client = home.client();
    let installed = false;
    client.onEvent('installed', () => (installed = true));
    const network = networkTo(hub.origin, { systemCertificates: true });
    const model = { repository: REPOSITORY, revision: null, digests: {}, quantization: 'q8' } as const;
    await client.call('download', { id: 'tiny', ...model, network });
    await until('the model is there', () => installed);
    assert.equal(
      (await client.call('load', { role: 'completion', model: 'tiny', backend: 'auto' })).name,
      'tiny',
    );
    assert.equal((await client.call('listModels', {})).installed[0]?.loaded, true);
  });

  it('ends within three seconds after its clients were killed in the middle of their work', async () => {
    const victims = [
      await startClientProcess(home, prompt(1)),
      await startClientProcess(home, prompt(2)),
      await startClientProcess(home, prompt(3)),
    ];
    for (const victim of victims) victim.kill('SIGKILL');
    await until('no process is left', () => home.processes().length === 0, 3_000);
  });

  it('answers other clients after a storm of cancellations', async () => {
    const [stormy, calm] = [home.client(), home.client()];
    const pid = await load(stormy);
    const storm = Array.from({ length: 200 }, async (_, index) => {
      const cancel = new AbortController();
      setTimeout(() => cancel.abort(), index);
      await stormy
        .call('complete', completion(prompt(index), `${index % 5}.ts`), cancel.signal)
        .catch(() => undefined);
    });
    await Promise.all(storm);
    assert.notEqual((await calm.call('complete', completion(prompt(0)))).backend, null);
    assert.equal((await calm.call('status', {})).pid, pid);
  });
});

/** A prompt that shares nothing with earlier ones, so that it is prefilled from its start. */
function prompt(seed: number): string {
  return [
    `// ${seed}`,
    ...long.map((line) => line.replace('value', `v${seed}_`)),
    'const result = comp',
  ].join('\n');
}

async function load(client: EngineClient): Promise<number> {
  await client.call('load', { role: 'completion', backend: 'auto' });
  return (await client.call('status', {})).pid;
}
