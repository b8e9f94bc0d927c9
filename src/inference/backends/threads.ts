import { availableParallelism } from 'node:os';

/** Threads a model computes with: one core stays free for the editor. */
export function computeThreads(): number {
  return Math.max(1, availableParallelism() - 1);
}
