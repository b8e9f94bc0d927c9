import type { Subscription } from '../client/listeners.ts';
import type { Engine } from './engine.ts';
import type { Log } from './log.ts';

/** Writes down how the engine is doing; work on single completions is written down where it is asked for. */
export function logEngine(engine: Engine, log: Log): Subscription {
  const last = { completion: engine.statusOf('completion').name, chat: engine.statusOf('chat').name };
  return engine.onStatus((status, role) => {
    const changed = status.name !== last[role];
    last[role] = status.name;
    if (!changed || status.name === 'working') return;
    if (status.name === 'failed') log.failure('engine', status.error);
    else if (status.name === 'ready') {
      const { backend, threads, contextTokens, loadMs } = status.model;
      log.info('engine', { role, state: status.name, backend, threads, contextTokens, loadMs });
    } else log.info('engine', { role, state: status.name });
  });
}
