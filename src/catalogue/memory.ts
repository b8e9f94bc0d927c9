import type { Quantization } from '../protocol/models.ts';
import type { CatalogueModel } from './catalogue.ts';

/** Tokenizer, graph, activations and the process itself; measured with models of 0.3 to 2.5 billion parameters. */
const OVERHEAD_BYTES = 300_000_000;

/** Bytes of weights of `model` after import; undefined: it isn't offered in this format. */
export function importedBytes(model: CatalogueModel, quantization: Quantization): number | undefined {
  return model.formats[quantization]?.bytes;
}

/**
 * Bytes of memory that `model` takes while its context is full.
 *
 * @param contextTokens of all its conversations or files together
 * @returns Infinity when it isn't offered in this format
 */
export function memoryNeeded(
  model: CatalogueModel,
  quantization: Quantization,
  contextTokens: number,
): number {
  const weights = importedBytes(model, quantization) ?? Infinity;
  return weights + model.kvBytesPerToken * contextTokens + OVERHEAD_BYTES;
}
