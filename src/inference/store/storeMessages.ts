import * as v from 'valibot';
import { ImportParams, ImportResult } from '../../protocol/engine.ts';
import { errorCodes } from '../../protocol/errors.ts';
import { InstalledModel, ModelId, ModelList, Network } from '../../protocol/models.ts';
import { DownloadRequest } from './downloads/transferFolder.ts';
import { WeightFormat } from './weightFormat.ts';

const Nothing = v.undefined();
const home = v.string();

/** What the store thread does; parameters and result of each method. */
export const storeMethods = {
  ensureImported: {
    params: v.object({ source: v.string(), home, format: WeightFormat }),
    result: v.string(),
  },
  importModel: { params: ImportParams, result: ImportResult },
  /** Downloads as if none ran, models as if none were loaded. */
  list: { params: v.object({ home }), result: ModelList },
  install: {
    params: v.object({ source: v.string(), home, format: WeightFormat }),
    result: InstalledModel,
  },
  remove: { params: v.object({ home, id: ModelId }), result: Nothing },
  move: { params: v.object({ home, folder: v.string() }), result: Nothing },
  download: { params: v.object({ home, request: DownloadRequest, network: Network }), result: Nothing },
  discard: { params: v.object({ home, id: ModelId }), result: Nothing },
} as const;

export type StoreMethod = keyof typeof storeMethods;
export type StoreParams<M extends StoreMethod> = v.InferOutput<(typeof storeMethods)[M]['params']>;
export type StoreResult<M extends StoreMethod> = v.InferOutput<(typeof storeMethods)[M]['result']>;

const id = v.pipe(v.number(), v.integer());
/** Memory of the caller's CancelFlag. */
const cancel = v.instance(SharedArrayBuffer);
const call = <M extends StoreMethod, P extends v.GenericSchema>(method: M, { params }: { params: P }) =>
  v.object({ method: v.literal(method), id, cancel, params });

export const StoreCall = v.variant('method', [
  call('ensureImported', storeMethods.ensureImported),
  call('importModel', storeMethods.importModel),
  call('list', storeMethods.list),
  call('install', storeMethods.install),
  call('remove', storeMethods.remove),
  call('move', storeMethods.move),
  call('download', storeMethods.download),
  call('discard', storeMethods.discard),
]);
export type StoreCall = v.InferOutput<typeof StoreCall>;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

export const StoreReply = v.variant('type', [
  v.object({
    type: v.literal('progress'),
    id,
    fraction: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  }),
  v.object({ type: v.literal('bytes'), id, doneBytes: count, totalBytes: count }),
  v.object({ type: v.literal('done'), id, result: v.unknown() }),
  v.object({ type: v.literal('failed'), id, code: v.picklist(errorCodes), message: v.string() }),
]);
export type StoreReply = v.InferOutput<typeof StoreReply>;
