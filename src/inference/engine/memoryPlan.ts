import type { BackendName } from '../../protocol/engine.ts';
import { GemmaError } from '../../protocol/errors.ts';
import { kvBytes } from '../model/graphInterface.ts';
import type { ModelManifest } from '../model/modelManifest.ts';

/** For the keys and values of all documents and chats together; more is never missed. */
const MOST_KV_BYTES = 512 * 1024 * 1024;

/** What a model takes. */
export interface ModelMemory {
  readonly weightBytes: number;
  /** With less for keys and values it is of no use: one prompt of its usual length. */
  readonly leastKvBytes: number;
}

/**
 * Weights take what they take on disk (measured: 1.04 times that, natively, for 1.6 GB), and in WebAssembly twice, as
 * they are read beside the heap that they are copied to.
 */
export function memoryOf(manifest: ModelManifest, backend: BackendName, contextTokens: number): ModelMemory {
  const onDisk = manifest.weights.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    weightBytes: backend === 'wasm' ? 2 * onDisk : onDisk,
    leastKvBytes: kvBytes(manifest.architecture, contextTokens),
  };
}

export function weightsOf(models: readonly ModelMemory[]): number {
  return models.reduce((sum, { weightBytes }) => sum + weightBytes, 0);
}

/** The least that these models can be run with, in bytes. */
export function neededFor(models: readonly ModelMemory[]): number {
  return weightsOf(models) + leastKv(models);
}

/** Bytes of `memoryBytes` for keys and values beside the weights of these models. */
export function kvBudget(models: readonly ModelMemory[], memoryBytes: number): number {
  return Math.max(leastKv(models), Math.min(MOST_KV_BYTES, memoryBytes - weightsOf(models)));
}

/** Why a model can't be loaded although nothing else is. */
export function noRoom(
  name: string,
  model: ModelMemory,
  memoryBytes: number,
  availableBytes: number,
): GemmaError {
  const needed = neededFor([model]);
  const problem = `${name} needs ${gigabytes(needed)} of memory`;
  return new GemmaError(
    'out-of-memory',
    needed > memoryBytes
      ? `${problem}, and models may take ${gigabytes(memoryBytes)}. Choose a smaller model, or allow more memory.`
      : `${problem}, and this machine has ${gigabytes(availableBytes)} left. Close something, or choose a smaller model.`,
  );
}

function leastKv(models: readonly ModelMemory[]): number {
  return Math.min(
    MOST_KV_BYTES,
    models.reduce((sum, { leastKvBytes }) => sum + leastKvBytes, 0),
  );
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
