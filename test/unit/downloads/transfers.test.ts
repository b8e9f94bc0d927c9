import assert from 'node:assert/strict';
import { once } from 'node:events';
import { StoreWorkerHost } from '../../../src/inference/store/storeWorkerHost.ts';
import { Transfers } from '../../../src/inference/transfers.ts';
import type { DownloadParams, TransferView } from '../../../src/protocol/models.ts';
import { networkTo } from '../../support/hubNetwork.ts';

const params: DownloadParams = {
  id: 'tiny',
  repository: 'google/tiny',
  revision: null,
  digests: {},
  quantization: 'q8',
  network: networkTo('https://hub.test'),
};

/** A store thread that answers lists, and does what `onDownload` says when a download begins. */
function threadThat(onDownload: string): StoreWorkerHost {
  const code = `
    import { parentPort } from 'node:worker_threads';
    const empty = { folder: '/models', freeBytes: 0, installed: [], transfers: [] };
    parentPort.on('message', ({ method, id }) => {
      if (method === 'list') parentPort.postMessage({ type: 'done', id, result: empty });
      else ${onDownload}
    });`;
  return new StoreWorkerHost(new URL(`data:text/javascript,${encodeURIComponent(code)}`), '/home');
}

interface Told {
  readonly events: EventTarget;
  readonly views: (readonly TransferView[])[];
  readonly transfers: Transfers;
}

function transfersWith(store: StoreWorkerHost): Told {
  const events = new EventTarget();
  const views: (readonly TransferView[])[] = [];
  const transfers = new Transfers({
    store,
    onChange: (list) => {
      views.push(list);
      events.dispatchEvent(new Event('change'));
    },
    onInstalled: () => undefined,
  });
  return { events, views, transfers };
}

describe('Transfers', () => {
  it('fail when their thread crashes, and can be begun again', async () => {
    const { transfers, events, views } = transfersWith(
      threadThat("setTimeout(() => { throw new Error('a defect'); });"),
    );
    for (const attempt of [1, 2]) {
      views.length = 0;
      assert.equal((await transfers.start(params)).state, 'running', `attempt ${attempt}`);
      while (views.at(-1)?.[0]?.state !== 'failed') await once(events, 'change');
      assert.equal(views.at(-1)?.[0]?.error?.code, 'internal');
      assert.equal(transfers.isRunning, false);
    }
  });

  it('are told of at most four times a second, the latest state always', async () => {
    const bytes = "parentPort.postMessage({ type: 'bytes', id, doneBytes, totalBytes: 500 })";
    const { transfers, events, views } = transfersWith(
      threadThat(`{
        let doneBytes = 0;
        const timer = setInterval(() => {
          doneBytes += 1;
          ${bytes};
          if (doneBytes < 500) return;
          clearInterval(timer);
          parentPort.postMessage({ type: 'done', id, result: undefined });
        }, 1);
      }`),
    );
    const started = performance.now();
    await transfers.start(params);
    while (views.at(-1)?.length !== 0) await once(events, 'change');
    const ended = performance.now();
    assert.ok(views.length > 2);
    assert.ok(views.length <= 2 + (ended - started) / 250, `${views.length} in ${ended - started} ms`);
  });
});
