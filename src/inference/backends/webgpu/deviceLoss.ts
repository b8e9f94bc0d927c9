import { GemmaError } from '../../../protocol/errors.ts';

/** What ONNX Runtime says when work fails because the device is gone; a reset and a removed GPU look the same. */
const LOST = /device (?:is |was )?lost|map_async_result\.status == wgpu::MapAsyncStatus::Success was false/iu;

/**
 * Whether the GPU was lost: driver reset, removal, sleep on some machines. The library keeps its dead device for
 * every later session, so nothing can run in this process any more.
 */
export class DeviceLoss {
  #isLost = false;

  /** @throws GemmaError `device-lost` */
  check(): void {
    if (this.#isLost) throw lost();
  }

  /** `error` as `device-lost` when that is what it means; undefined when it is something else. */
  reason(error: unknown): GemmaError | undefined {
    if (LOST.test(error instanceof Error ? error.message : String(error))) this.#isLost = true;
    return this.#isLost ? lost(error) : undefined;
  }
}

function lost(cause?: unknown): GemmaError {
  return new GemmaError(
    'device-lost',
    'The graphics device stopped working; the processor takes over until the engine is restarted.',
    { cause },
  );
}
