import * as v from 'valibot';
import { ImportParams, ImportResult } from '../../protocol/engine.ts';
import { errorCodes } from '../../protocol/errors.ts';
import { WeightFormat } from './weightFormat.ts';

/** What the store thread does; parameters and result of each method. */
export const storeMethods = {
  ensureImported: {
    params: v.object({ source: v.string(), home: v.string(), format: WeightFormat }),
    result: v.string(),
  },
  importModel: { params: ImportParams, result: ImportResult },
} as const;

export type StoreMethod = keyof typeof storeMethods;
export type StoreParams<M extends StoreMethod> = v.InferOutput<(typeof storeMethods)[M]['params']>;
export type StoreResult<M extends StoreMethod> = v.InferOutput<(typeof storeMethods)[M]['result']>;

const id = v.pipe(v.number(), v.integer());
/** Memory of the caller's CancelFlag. */
const cancel = v.instance(SharedArrayBuffer);

export const StoreCall = v.variant('method', [
  v.object({
    method: v.literal('ensureImported'),
    id,
    cancel,
    params: storeMethods.ensureImported.params,
  }),
  v.object({ method: v.literal('importModel'), id, cancel, params: storeMethods.importModel.params }),
]);
export type StoreCall = v.InferOutput<typeof StoreCall>;

export const StoreReply = v.variant('type', [
  v.object({
    type: v.literal('progress'),
    id,
    fraction: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  }),
  v.object({ type: v.literal('done'), id, result: v.unknown() }),
  v.object({ type: v.literal('failed'), id, code: v.picklist(errorCodes), message: v.string() }),
]);
export type StoreReply = v.InferOutput<typeof StoreReply>;
