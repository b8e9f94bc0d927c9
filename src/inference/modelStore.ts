import type { RequestParams, RequestResult } from '../protocol/engine.ts';
import type { WeightFormat } from './store/weightFormat.ts';

/** Called with the share that is done, 0–1. */
export type OnFraction = (fraction: number) => void;

/** Imported models on disk; the work is done in another thread. */
export interface ModelStore {
  /**
   * Folder of the imported form of `model`, a checkpoint or imported folder. A checkpoint is imported into the home
   * folder unless that was done before.
   */
  ensureImported(model: string, format: WeightFormat, onFraction: OnFraction): Promise<string>;
  /** @throws GemmaError `cancelled` when `signal` aborts; nothing is left behind */
  import(
    params: RequestParams<'import'>,
    onFraction: OnFraction,
    signal: AbortSignal,
  ): Promise<RequestResult<'import'>>;
}
