import { GemmaError } from '../../protocol/errors.ts';

/** ONNX Runtime reports exhausted memory only in words. */
const OUT_OF_MEMORY = /bad_alloc|failed to allocate|out of memory|allocation failed/iu;

/** What a failed session creation means for the person. */
export function loadError(model: string, cause: unknown): GemmaError {
  if (cause instanceof GemmaError) return cause;
  return isOutOfMemory(cause)
    ? new GemmaError('out-of-memory', `There is not enough memory to load ${model}.`, { cause })
    : new GemmaError('model-damaged', `ONNX Runtime can't load ${model}; import the model again.`, { cause });
}

/** What a failed run means. */
export function runError(model: string, cause: unknown): GemmaError {
  if (cause instanceof GemmaError) return cause;
  return isOutOfMemory(cause)
    ? new GemmaError('out-of-memory', `There is not enough memory to run ${model}.`, { cause })
    : new GemmaError('internal', `ONNX Runtime failed while running ${model}.`, { cause });
}

function isOutOfMemory(cause: unknown): boolean {
  return OUT_OF_MEMORY.test(cause instanceof Error ? cause.message : String(cause));
}
