import type { RequestParams, RequestResult } from '../protocol/engine.ts';
import type { InstalledModel, ModelId, ModelList } from '../protocol/models.ts';
import type { WeightFormat } from './store/weightFormat.ts';

/** Called with the share that is done, 0–1. */
export type OnFraction = (fraction: number) => void;

/** Called with bytes that are done, and how many there are in all. */
export type OnBytes = (doneBytes: number, totalBytes: number) => void;

/** Models on disk and on their way there; the work is done in another thread. */
export interface ModelStore {
  /**
   * Folder of the imported form of `model`: the name of an installed model, a checkpoint or an imported folder. A
   * checkpoint is imported into the models folder unless that was done before.
   */
  ensureImported(model: string, format: WeightFormat, onFraction: OnFraction): Promise<string>;
  /** @throws GemmaError `cancelled` when `signal` aborts; nothing is left behind */
  import(
    params: RequestParams<'import'>,
    onFraction: OnFraction,
    signal: AbortSignal,
  ): Promise<RequestResult<'import'>>;
  /** Downloads as if none ran, models as if none were loaded. */
  list(): Promise<ModelList>;
  /** Brings a folder of the person's into the models folder. */
  install(
    source: string,
    format: WeightFormat,
    onFraction: OnFraction,
    signal: AbortSignal,
  ): Promise<InstalledModel>;
  remove(id: ModelId): Promise<void>;
  /** Moves the models folder. */
  move(folder: string, onFraction: OnFraction, signal: AbortSignal): Promise<void>;
  /** Ends when the model is there. @throws GemmaError `cancelled` when `signal` aborts; what was received is kept */
  download(params: RequestParams<'download'>, onBytes: OnBytes, signal: AbortSignal): Promise<void>;
  /** Removes what was received of a download that doesn't run. */
  discardDownload(id: ModelId): Promise<void>;
}
