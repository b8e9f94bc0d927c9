import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyModel } from '../../src/inference/store/verifyModel.ts';
import type { EngineClient } from '../../src/client/engineClient.ts';
import type { DownloadParams, TransferView } from '../../src/protocol/models.ts';
import { randomCheckpoint, writeCheckpoint } from '../support/checkpoints.ts';
import { type Hub, REPOSITORY, startHub } from '../support/hub.ts';
import { networkTo } from '../support/hubNetwork.ts';
import { kill, type TestHome, testHome, until } from '../support/inferenceProcess.ts';

/** `npm run fuzz` kills 100 times. */
const KILLS = Number(process.env['GEMMA_CODE_DOWNLOAD_KILLS'] ?? 2);
/** More than is ever lost of a download. */
const MAX_LOST_BYTES = 1_000_000;

const installed = async (client: EngineClient): Promise<string[]> =>
  (await client.call('listModels', {})).installed.map(({ id }) => id);
const transferOf = async (client: EngineClient): Promise<TransferView | undefined> =>
  (await client.call('listModels', {})).transfers[0];

/** What a window hears, without asking. */
function watch(client: EngineClient): {
  doneBytes: number;
  transfer: TransferView | undefined;
  models: number;
} {
  const heard: ReturnType<typeof watch> = { doneBytes: 0, transfer: undefined, models: 0 };
  client.onEvent('transfers', ({ transfers: [transfer] }) => {
    heard.transfer = transfer;
    heard.doneBytes = transfer?.doneBytes ?? 0;
  });
  client.onEvent('installed', () => (heard.models += 1));
  return heard;
}

describe('Downloads, for all windows and through crashes', function () {
  this.timeout(60_000 + KILLS * 10_000);
  let home: TestHome;
  let hub: Hub;
  let totalBytes = 0;
  let folder: string;
  let params: DownloadParams;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gemma-hub-'));
    const checkpoint = randomCheckpoint({ layers: 4, hiddenSize: 256, ffnSize: 1_024 });
    await writeCheckpoint(folder, checkpoint, { dtype: 'BF16' });
  });
  after(() => rm(folder, { recursive: true }));
  beforeEach(async () => {
    home = await testHome();
    hub = await startHub(folder, { pieceBytes: 65_536 });
    totalBytes = [...hub.files.values()].reduce((total, { length }) => total + length, 0);
    params = {
      id: 'tiny',
      repository: REPOSITORY,
      revision: null,
      digests: {},
      quantization: 'q8',
      network: networkTo(hub.origin, { token: 'hf_secret' }),
    };
  });
  afterEach(async () => {
    await home.dispose();
    await hub[Symbol.asyncDispose]();
  });

  const modelFolder = (): string => join(home.options.home, 'models', 'tiny');

  it('eight windows that ask at once share one, and all see how it goes', async () => {
    const clients = Array.from({ length: 8 }, () => home.client());
    const heard = clients.map(() => new Set<number>());
    let events = 0;
    let installedEvents = 0;
    for (const [index, client] of clients.entries()) {
      client.onEvent('transfers', ({ transfers }) => {
        if (index === 0) events += 1;
        for (const { doneBytes } of transfers) heard[index]?.add(doneBytes);
      });
      client.onEvent('installed', () => (installedEvents += 1));
    }
    hub.pieceDelayMs = 5;
    const started = performance.now();
    const views = await Promise.all(clients.map((client) => client.call('download', params)));
    assert.ok(views.every(({ id, state }) => id === 'tiny' && state === 'running'));
    await until('every window heard of the model', () => installedEvents === clients.length, 30_000);
    assert.ok(events <= 2 + (performance.now() - started) / 250, `${events} events`);
    assert.ok(heard.every((bytes) => bytes.size > 1));
    assert.ok(hub.servedBytes <= 1.05 * totalBytes, `${hub.servedBytes} bytes`);
    const [client] = clients;
    assert.ok(client);
    await verifyModel(modelFolder());
    assert.deepEqual(await installed(client), ['tiny']);
    await assert.rejects(client.call('download', params), { code: 'bad-input' });

    await client.call('load', { role: 'completion', model: 'tiny', backend: 'auto' });
    const list = await client.call('listModels', {});
    assert.equal(list.installed[0]?.loaded, true);
    assert.equal(list.folder, join(home.options.home, 'models'));
    assert.ok(list.freeBytes > 0);
    await client.call('removeModel', { id: 'tiny' });
    assert.deepEqual(await installed(client), []);
    assert.equal((await client.call('status', {})).models.completion, null);
  });

  it('are not needed for a folder of the person; models move, and are found by name wherever they are', async () => {
    const client = home.client();
    const heard = watch(client);
    const steps = new Set<string>();
    client.onEvent('progress', ({ step }) => steps.add(step));
    const { id, quantization, origin } = await client.call('installModel', {
      source: folder,
      quantization: null,
    });
    assert.deepEqual([quantization, origin], ['q8', { kind: 'folder', path: folder }]);
    await client.call('load', { role: 'completion', model: id, backend: 'auto' });
    const target = join(home.options.home, 'elsewhere');
    hub.pieceDelayMs = 40;
    await client.call('download', params);
    await assert.rejects(client.call('moveModels', { folder: target }), { code: 'bad-input' });
    await client.call('pauseDownload', { id: 'tiny' });
    const moved = await client.call('moveModels', { folder: target });
    assert.deepEqual([moved.folder, moved.installed[0]?.id, moved.installed[0]?.loaded], [target, id, false]);
    assert.deepEqual(
      [moved.transfers[0]?.state, [...steps].toSorted()],
      ['paused', ['import', 'load', 'move']],
    );
    await client.call('load', { role: 'completion', model: id, backend: 'auto' });
    assert.equal((await client.call('listModels', {})).installed[0]?.loaded, true);
    hub.pieceDelayMs = 0;
    await client.call('download', params);
    await until('the model is there', () => heard.models === 3, 30_000);
    await verifyModel(join(target, 'tiny'));
  });

  it('is paused and gone on with, and cancelled without a trace', async () => {
    const [one, two] = [home.client(), home.client()];
    hub.pieceDelayMs = 10;
    const heard = watch(two);
    await two.call('status', {});
    await one.call('download', params);
    await until('some of it is here', () => heard.doneBytes > totalBytes / 4);
    const running = await transferOf(two);
    assert.equal(running?.state, 'running');
    assert.ok(running.bytesPerSecond > 0);
    await two.call('pauseDownload', { id: 'tiny' });
    const paused = await transferOf(one);
    assert.deepEqual([paused?.state, paused?.bytesPerSecond], ['paused', 0]);
    await one.call('download', params);
    await until('it goes on', () => heard.doneBytes > (paused?.doneBytes ?? 0));
    await one.call('cancelDownload', { id: 'tiny' });
    assert.equal(await transferOf(two), undefined);
    await two.call('pauseDownload', { id: 'tiny' });
    await two.call('cancelDownload', { id: 'tiny' });
  });

  it('that failed say why, and go on when it is better', async () => {
    const client = home.client();
    hub.answer = ({ file }) =>
      file === 'model.safetensors' ? { status: 403, headers: { 'x-error-code': 'GatedRepo' } } : null;
    const heard = watch(client);
    await client.call('download', params);
    await until('it failed', () => heard.transfer?.state === 'failed');
    assert.equal((await transferOf(client))?.error?.code, 'licence');
    hub.answer = () => null;
    await client.call('download', params);
    await until('the model is there', () => heard.models === 1);
  });

  it('are left to the process that works on them, and taken over when it is killed', async () => {
    const [mine, other] = [home.client(), home.client({ version: '0.0.1-other' })];
    hub.pieceDelayMs = 40;
    const [heard, refused] = [watch(mine), watch(other)];
    await mine.call('download', params);
    await until('some of it is here', () => heard.doneBytes > totalBytes / 8);
    await other.call('download', params);
    await until('the other one gave up', () => refused.transfer?.state === 'failed');
    assert.match(refused.transfer?.error?.message ?? '', /downloads this model already/);
    kill((await mine.call('status', {})).pid, 'SIGKILL');
    hub.pieceDelayMs = 0;
    await until('the lock is free and the model is there', async () => {
      if (refused.transfer?.state !== 'running') await other.call('download', params).catch(() => undefined);
      return refused.models === 1;
    });
    assert.deepEqual(await installed(mine), ['tiny']);
  });

  it(`lose hardly anything when the process is killed ${KILLS} times`, async () => {
    const client = home.client();
    const heard = watch(client);
    hub.pieceDelayMs = 5;
    for (let killed = 0; killed < KILLS; killed++) {
      const goal = ((0.2 + Math.random() * 0.6) * totalBytes * (killed + 1)) / KILLS;
      await client.call('download', params);
      await until('enough of it is here', () => heard.doneBytes >= goal);
      const { doneBytes } = heard;
      kill((await client.call('status', {})).pid, 'SIGKILL');
      const left = await transferOf(client);
      assert.equal(left?.state, 'paused');
      assert.ok(left.doneBytes >= doneBytes - MAX_LOST_BYTES, `${left.doneBytes} of ${doneBytes}`);
      // A client takes its process to be broken when it ends too often.
      client.restart();
    }
    hub.pieceDelayMs = 0;
    await client.call('download', params);
    await until('the model is there', () => heard.models === 1, 30_000);
    await verifyModel(modelFolder());
    const lost = hub.servedBytes - totalBytes;
    assert.ok(lost <= (KILLS + 1) * MAX_LOST_BYTES, `${lost} bytes were sent twice`);
  });
});
