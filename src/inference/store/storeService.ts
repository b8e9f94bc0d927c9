import type { MessagePort } from 'node:worker_threads';
import * as v from 'valibot';
import { toGemmaError } from '../../protocol/errors.ts';
import { CancelFlag } from '../engine/cancelFlag.ts';
import { importModel } from '../importer/importModel.ts';
import { ensureImported } from './importedModels.ts';
import { StoreCall, type StoreReply } from './storeMessages.ts';

/** Finer progress would only cost messages. */
const PROGRESS_STEP = 0.01;

/** Answers the calls that arrive at `port`, several at a time. */
export function serveStore(port: MessagePort): void {
  port.on('message', (message: unknown) => {
    void answer(v.parse(StoreCall, message), (reply) => port.postMessage(reply));
  });
}

async function answer(call: StoreCall, reply: (reply: StoreReply) => void): Promise<void> {
  const { id } = call;
  try {
    const result = await run(call, (fraction) => reply({ type: 'progress', id, fraction }));
    reply({ type: 'done', id, result });
  } catch (error) {
    const { code, message } = toGemmaError(error);
    reply({ type: 'failed', id, code, message });
  }
}

async function run(call: StoreCall, report: (fraction: number) => void): Promise<unknown> {
  const flag = new CancelFlag(call.cancel);
  let reported = 0;
  const control = {
    cancelled: () => flag.cancelled,
    onProgress: (fraction: number) => {
      if (fraction < reported + PROGRESS_STEP && fraction < 1) return;
      reported = fraction;
      report(fraction);
    },
  };
  if (call.method === 'ensureImported') return ensureImported({ ...call.params, ...control });
  return importModel({ ...call.params, ...control });
}
