import type {
  BackendChoice,
  BackendName,
  CompleteParams,
  CompleteResult,
  ModelInfo,
  WarmUpParams,
  WarmUpResult,
} from '../../protocol/engine.ts';
import type { CancelFlag } from './cancelFlag.ts';

/**
 * Everything that computes, for one loaded model. Lives in the engine worker, which calls one method at a time:
 * each blocks its thread until it returns or its flag is raised.
 */
export interface Engine {
  /** The best backend that passes its probe. @throws GemmaError `backend-unavailable` */
  probe(choice: BackendChoice): Promise<BackendName>;
  /** Replaces the loaded model by the imported one in `folder`. */
  load(folder: string, backend: BackendName): Promise<ModelInfo>;
  unload(): Promise<void>;
  complete(params: CompleteParams, cancel: CancelFlag): Promise<CompleteResult>;
  /** Prefills the prompt; what was prefilled when `cancel` is raised stays in the cache. */
  warmUp(params: WarmUpParams, cancel: CancelFlag): Promise<WarmUpResult>;
  /** Logits of the last position of `tokens`, with a model loaded for this call alone. */
  logits(
    folder: string,
    backend: BackendName,
    tokens: readonly number[],
    cancel: CancelFlag,
  ): Promise<Float32Array>;
  /** Bytes of all KV buffers. */
  readonly kvBytes: number;
}
