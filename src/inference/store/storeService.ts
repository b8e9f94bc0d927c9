import { mkdir, statfs } from 'node:fs/promises';
import type { MessagePort } from 'node:worker_threads';
import * as v from 'valibot';
import { toGemmaError } from '../../protocol/errors.ts';
import type { ModelList } from '../../protocol/models.ts';
import { CancelFlag } from '../engine/cancelFlag.ts';
import { importModel } from '../importer/importModel.ts';
import { explainWriteError } from '../importer/writeErrors.ts';
import { discardDownload } from './downloads/discardDownload.ts';
import { listTransfers } from './downloads/transferFolder.ts';
import { DEFAULT_TIMING } from './hub/patience.ts';
import { ensureImported } from './importedModels.ts';
import { listInstalled, removeInstalled } from './installedModels.ts';
import { installModel } from './installModel.ts';
import { modelsFolder } from './modelsFolder.ts';
import { moveModels } from './moveModels.ts';
import { StoreCall, type StoreParams, type StoreReply } from './storeMessages.ts';

/** Finer progress would only cost messages. */
const PROGRESS_STEP = 0.01;
const BYTES_INTERVAL_MS = 100;
/** How soon a download hears that it is to stop. */
const CANCEL_INTERVAL_MS = 50;

/** Answers the calls that arrive at `port`, several at a time. */
export function serveStore(port: MessagePort): void {
  port.on('message', (message: unknown) => {
    void answer(v.parse(StoreCall, message), (reply) => port.postMessage(reply));
  });
}

async function answer(call: StoreCall, reply: (reply: StoreReply) => void): Promise<void> {
  const { id } = call;
  try {
    reply({ type: 'done', id, result: await run(call, reply) });
  } catch (error) {
    const { code, message } = toGemmaError(error);
    reply({ type: 'failed', id, code, message });
  }
}

function run(call: StoreCall, reply: (reply: StoreReply) => void): Promise<unknown> {
  const { id } = call;
  const flag = new CancelFlag(call.cancel);
  let reported = 0;
  const control = {
    cancelled: () => flag.cancelled,
    onProgress: (fraction: number) => {
      if (fraction < reported + PROGRESS_STEP && fraction < 1) return;
      reported = fraction;
      reply({ type: 'progress', id, fraction });
    },
  };
  switch (call.method) {
    case 'ensureImported':
      return ensureImported({ ...call.params, ...control });
    case 'importModel':
      return importModel({ ...call.params, ...control });
    case 'list':
      return list(call.params.home);
    case 'install':
      return installModel({ ...call.params, ...control });
    case 'remove':
      return remove(call.params);
    case 'move':
      return moveModels({ ...call.params, ...control });
    case 'download':
      return download(call, flag, reply);
    case 'discard':
    default:
      return discard(call.params);
  }
}

async function remove({ home, id }: StoreParams<'remove'>): Promise<void> {
  await removeInstalled(await modelsFolder(home), id);
}

async function discard({ home, id }: StoreParams<'discard'>): Promise<void> {
  await discardDownload(await modelsFolder(home), id);
}

async function list(home: string): Promise<ModelList> {
  const folder = await modelsFolder(home);
  const installed = await listInstalled(folder);
  const transfers = await listTransfers(folder, new Set(installed.map(({ id }) => id)));
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw explainWriteError(error, folder);
  });
  const { bavail, bsize } = await statfs(folder);
  return { folder, freeBytes: bavail * bsize, installed: [...installed], transfers: [...transfers] };
}

async function download(
  { id, params }: Extract<StoreCall, { method: 'download' }>,
  flag: CancelFlag,
  reply: (reply: StoreReply) => void,
): Promise<void> {
  // The HTTP client takes longer to start than everything else here together.
  const { downloadModel } = await import('./downloads/downloadModel.ts');
  const stop = new AbortController();
  const watch = setInterval(() => {
    if (flag.cancelled) stop.abort();
  }, CANCEL_INTERVAL_MS);
  let told = -Infinity;
  try {
    await downloadModel({
      models: await modelsFolder(params.home),
      request: params.request,
      network: params.network,
      timing: DEFAULT_TIMING,
      signal: stop.signal,
      onBytes(doneBytes, totalBytes) {
        const now = performance.now();
        if (now < told + BYTES_INTERVAL_MS && doneBytes < totalBytes) return;
        told = now;
        reply({ type: 'bytes', id, doneBytes, totalBytes });
      },
    });
  } finally {
    clearInterval(watch);
  }
}
