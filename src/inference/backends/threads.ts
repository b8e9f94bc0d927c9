import { availableParallelism } from 'node:os';
import type { BackendName } from '../../protocol/engine.ts';

/** Below this many parameters a decode step takes about a millisecond, which sharing makes longer, not shorter. */
const SMALL_MODEL = 50_000_000;

/** Threads to run a model with on this machine. */
export function computeThreads(backend: BackendName, parameters: number): number {
  return threadsFor(backend, parameters, availableParallelism());
}

/**
 * One core stays free for the editor. WebAssembly gets fewer: its pool waits by spinning, which can't be turned off, so
 * a step takes a hundred times as long once other programs leave it fewer cores than threads.
 */
export function threadsFor(backend: BackendName, parameters: number, cores: number): number {
  const most = Math.max(1, backend === 'native' ? cores - 1 : Math.floor(cores / 2));
  if (parameters >= SMALL_MODEL) return most;
  return Math.min(most, backend === 'native' ? 2 : 1);
}
