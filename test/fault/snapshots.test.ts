import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { EngineClient } from '../../src/client/engineClient.ts';
import type { KvStatistics, RequestParams } from '../../src/protocol/engine.ts';
import { completion } from '../support/clientRequests.ts';
import { type ImportedEmbeddedModel, importEmbeddedModel } from '../support/embeddedModel.ts';
import { kill, testHome, until } from '../support/inferenceProcess.ts';
import type { TestHome } from '../support/inferenceProcess.ts';

/** Longer than the embedded model's context, so that its prompt fills it. */
const request: RequestParams<'complete'> = {
  ...completion(
    [
      ...Array.from({ length: 300 }, (_, line) => `const value${line} = compute(${line}, other${line % 7});`),
      'for (let i = 0; i < values.length; i',
    ].join('\n'),
  ),
  trigger: 'invoked',
};

describe('what was computed outlives the inference process', function () {
  this.timeout(60_000);
  let home: TestHome;
  let client: EngineClient;
  /** In q8 activations share a scale, so that digits depend on which tokens run together; not in q4. */
  let exact: ImportedEmbeddedModel;
  before(async () => {
    exact = await importEmbeddedModel('q4');
  });
  after(() => exact.remove());
  beforeEach(async () => {
    home = await testHome({
      entry: resolve('dist/inference/main.mjs'),
      embeddedModel: resolve('models/pebble'),
      processArguments: ['--snapshot-ms', '100'],
    });
    client = home.client();
  });
  afterEach(() => home.dispose());

  async function kv(): Promise<KvStatistics> {
    return (await client.call('status', {})).kv!;
  }

  const folder = (): string => join(home.options.home, 'snapshots');
  const files = (): Promise<string[]> => readdir(folder()).catch(() => []);

  async function killProcess(): Promise<void> {
    const { pid } = await client.call('status', {});
    kill(pid, 'SIGKILL');
    await until('the old process is gone', () => !home.processes().includes(pid));
  }

  it('killed after a quiet moment: the next completion of the file prefills one token and is the same', async () => {
    await client.call('load', { role: 'completion', model: exact.folder, backend: 'auto', snapshots: true });
    const cold = await client.call('complete', request);
    assert.ok(cold.promptTokens > 400 && cold.cachedTokens === 0);
    const warm = await client.call('complete', request);
    await until('it is on disk', async () => (await kv()).snapshotWrites === 1);
    await killProcess();

    const again = await client.call('complete', request);
    assert.equal(again.cachedTokens, again.promptTokens - 1);
    assert.equal((await kv()).snapshotReads, 1);
    assert.ok(again.text !== null);
    assert.deepEqual([again.text, again.text], [warm.text, cold.text]);
    // Guessing along with a token changes the last bits; another context would change the first digits.
    assert.ok(Math.abs(again.confidence! - warm.confidence!) < 1e-5);
  });

  it('damaged meanwhile: the completion is computed anew, and is the same', async () => {
    await client.call('load', { role: 'completion', backend: 'auto', snapshots: true });
    const first = await client.call('complete', request);
    await until('it is on disk', async () => (await kv()).snapshotWrites === 1);
    await killProcess();
    const [name = ''] = await files();
    const bytes = await readFile(join(folder(), name));
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(join(folder(), name), bytes);

    const again = await client.call('complete', request);
    assert.ok(again.cachedTokens < 10);
    assert.equal((await kv()).snapshotReads, 0);
    assert.deepEqual([again.text, again.confidence], [first.text, first.confidence]);
    await until('a sound one is on disk', async () => (await kv()).snapshotWrites === 1);
    assert.deepEqual((await files()).includes(name), false);
  });

  it('is not kept unless it may be, and removed when it may no longer be', async () => {
    await client.call('load', { role: 'completion', backend: 'auto' });
    await client.call('complete', request);
    await new Promise((done) => setTimeout(done, 500));
    assert.deepEqual(await files(), []);

    await client.call('load', { role: 'completion', backend: 'auto', snapshots: true });
    await client.call('complete', request);
    await until('it is on disk', async () => (await files()).some((name) => name.endsWith('.kv')));
    await client.call('load', { role: 'completion', backend: 'auto', snapshots: false });
    assert.deepEqual(await files(), []);
  });
});
