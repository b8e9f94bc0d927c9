import type { Subscription } from '../client/listeners.ts';
import type { Engine } from './engine.ts';
import type { Log } from './log.ts';

/** Writes down how the engine is doing; work on single completions is written down where it is asked for. */
export function logEngine(engine: Engine, log: Log): Subscription {
  let last = engine.status.name;
  return engine.onStatus((status) => {
    const changed = status.name !== last;
    last = status.name;
    if (!changed || status.name === 'working') return;
    if (status.name === 'failed') log.failure('engine', status.error);
    else if (status.name === 'ready') {
      const { backend, threads, contextTokens, loadMs } = status.model;
      log.info('engine', { state: status.name, backend, threads, contextTokens, loadMs });
    } else log.info('engine', { state: status.name });
  });
}
