import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { Listeners } from '../../../src/client/listeners.ts';
import { Downloads } from '../../../src/extension/models/downloads.ts';
import type { DownloadParts } from '../../../src/extension/models/downloads.ts';
import { WantedDownloads } from '../../../src/extension/models/wantedDownloads.ts';
import type { WantedDownload } from '../../../src/extension/models/wantedDownloads.ts';
import { GemmaError } from '../../../src/protocol/errors.ts';
import type { TransferView } from '../../../src/protocol/models.ts';

const download: WantedDownload = {
  id: 'tiny',
  repository: 'google/tiny',
  revision: null,
  digests: {},
  quantization: 'q4',
  roles: ['chat'],
};

const running: TransferView = {
  id: 'tiny',
  repository: 'google/tiny',
  quantization: 'q4',
  state: 'running',
  doneBytes: 1,
  totalBytes: 4,
  bytesPerSecond: 1,
  error: null,
};

/** What the process says is up to the test. */
function scene() {
  const stored = new Map<string, unknown>();
  const connected = new Listeners<void>();
  const changed = new Listeners<void>();
  const asked: string[] = [];
  let transfers: TransferView[] = [];
  let installed: string[] = [];
  let refusal: GemmaError | null = null;
  let held = 0;
  let pid = 1;
  const parts = {
    engine: {
      get pid() {
        return pid;
      },
      onConnected: (listener: () => void) => connected.add(listener),
    },
    models: {
      hold: () => {
        held++;
        return { dispose: () => held-- };
      },
      onChange: (listener: () => void) => changed.add(listener),
      transfer: (id: string) => transfers.find((transfer) => transfer.id === id),
      read: async () => changed.notify(),
      request: async (name: string) => {
        asked.push(name);
        if (refusal !== null) throw refusal;
        if (name === 'download') transfers = [running];
        return name === 'listModels' ? { installed: installed.map((id) => ({ id })) } : {};
      },
    },
    hub: { network: async () => ({}) },
    wanted: new WantedDownloads({
      keys: () => [...stored.keys()],
      get: (key: string) => stored.get(key),
      update: async (key: string, value: unknown) => void stored.set(key, value),
    }),
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as much of them as downloads use
  const downloads = new Downloads(parts as unknown as DownloadParts);
  /** At most one, as it is now. */
  const tell = async (now?: Partial<TransferView>): Promise<void> => {
    transfers = now === undefined ? [] : [{ ...running, ...now }];
    changed.notify();
    await turn();
  };
  return {
    downloads,
    asked,
    tell,
    held: () => held,
    install: () => (installed = ['tiny']),
    refuse: (error: GemmaError | null) => (refusal = error),
    restart: async () => {
      pid++;
      transfers = [{ ...running, state: 'paused' }];
      connected.notify();
      await turn();
    },
  };
}

describe('a download', () => {
  it('tells how it goes and ends when the model is there', async () => {
    const { downloads, tell, install, held } = scene();
    const told: number[] = [];
    const end = downloads.run(download, ({ doneBytes }) => told.push(doneBytes));
    await turn();
    assert.deepEqual(downloads.wanted, [download]);
    await tell({ doneBytes: 2 });
    install();
    await tell();
    assert.equal(await end, 'done');
    assert.ok(told.includes(2));
    assert.deepEqual(downloads.wanted, []);
    assert.equal(held(), 0);
  });

  it('ends when somebody pauses or cancels it, in whatever window', async () => {
    for (const [now, expected] of [
      [{ state: 'paused' }, 'paused'],
      [undefined, 'cancelled'],
    ] as const) {
      const { downloads, tell } = scene();
      const end = downloads.run(download, () => undefined);
      await turn();
      await tell(now);
      assert.equal(await end, expected);
      assert.deepEqual(downloads.wanted, []);
    }
  });

  it('is asked for again by a new process, which knows it as paused', async () => {
    const { downloads, asked, restart, tell, install } = scene();
    const end = downloads.run(download, () => undefined);
    await turn();
    await restart();
    await restart();
    assert.equal(asked.filter((name) => name === 'download').length, 3);
    install();
    await tell();
    assert.equal(await end, 'done');
  });

  it('stays wanted over what passes, and over nothing else', async () => {
    for (const [code, stays] of [
      ['network', true],
      ['engine-unavailable', true],
      ['cancelled', true],
      ['licence', false],
      ['untrusted', false],
      ['disk-full', false],
    ] as const) {
      const { downloads, tell, held } = scene();
      const end = downloads.run(download, () => undefined);
      const failed = assert.rejects(end, { code, message: 'It failed.' });
      await turn();
      await tell({ state: 'failed', error: { code, message: 'It failed.' } });
      await failed;
      assert.equal(downloads.wanted.length, stays ? 1 : 0, code);
      assert.equal(held(), 0);
    }
  });

  it('fails as the process refuses it', async () => {
    const { downloads, refuse } = scene();
    refuse(new GemmaError('unauthorized', 'Who are you?'));
    await assert.rejects(
      downloads.run(download, () => undefined),
      { code: 'unauthorized' },
    );
    assert.deepEqual(downloads.wanted, []);
  });
});
