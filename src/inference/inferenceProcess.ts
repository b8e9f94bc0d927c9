import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { TOKEN_FILE } from '../protocol/endpointFiles.ts';
import type { EventBody, EventName } from '../protocol/engine.ts';
import { toGemmaError } from '../protocol/errors.ts';
import { EngineWorkerHost } from './engine/engineWorkerHost.ts';
import { winElection, winPipe } from './election.ts';
import { createHandlers } from './handlers.ts';
import { Jobs } from './jobs.ts';
import { Lifetime } from './lifetime.ts';
import { openLog } from './log.ts';
import { ModelHost } from './modelHost.ts';
import type { ModelStore } from './modelStore.ts';
import type { ProcessArguments } from './processArguments.ts';
import { serveConnection } from './rpc.ts';
import type { Client } from './rpc.ts';
import { Transfers } from './transfers.ts';

export interface InferenceProcessParts {
  /** Module of the engine's thread. */
  readonly engineWorker: URL;
  openStore(home: string): ModelStore;
}

/** Strangers can't reach the private folder; this bounds what a broken client may open. */
const MAX_CONNECTIONS = 64;
/** For the last answers to leave. */
const FLUSH_MS = 50;

/** Becomes the inference process of its endpoint, or returns when there is one already. */
export async function runInferenceProcess(
  args: ProcessArguments,
  parts: InferenceProcessParts,
): Promise<void> {
  const log = openLog(join(args.home, 'logs', 'inference.log'));
  // A native call that never returns can keep a process from exiting, but not from being killed.
  const end = (reason: string): void => {
    log(`end ${reason}`);
    process.kill(process.pid, 'SIGKILL');
  };

  const token = await readFile(join(args.folder, TOKEN_FILE), 'utf8');
  const clients = new Set<Client>();
  const server = createServer();
  server.maxConnections = MAX_CONNECTIONS;
  // Whoever connects before the election is decided waits for its outcome.
  const early: Socket[] = [];
  const keep = (socket: Socket): void => {
    socket.on('error', () => socket.destroy());
    early.push(socket);
  };
  server.on('connection', keep);
  const won = await (args.pipe === undefined ? winElection(server, args.folder) : winPipe(server, args.pipe));
  if (!won) {
    for (const socket of early) socket.destroy();
    return;
  }

  const jobs = new Jobs(args['obey-ms'], () => end('job-beyond-reach'));
  const engine = new EngineWorkerHost(parts.engineWorker, ({ code }) => {
    setTimeout(() => end(`engine-${code}`), FLUSH_MS);
  });
  const store = parts.openStore(args.home);
  const tell = <N extends EventName>(name: N, body: EventBody<N>): void => {
    for (const client of clients) client.notify(name, body);
  };
  const onInstalled = (): void => tell('installed', {});
  const transfers = new Transfers({
    store,
    onChange: (list) => tell('transfers', { transfers: [...list] }),
    onInstalled,
  });
  const onProgress = (progress: EventBody<'progress'>): void => tell('progress', progress);
  const models = new ModelHost({
    engine,
    jobs,
    store,
    embeddedModel: args['embedded-model'],
    snapshots: join(args.home, 'snapshots'),
    onProgress,
    onModel: (model) => {
      log(
        model === null ? 'unload' : 'load',
        model === null ? {} : { loadMs: model.loadMs, threads: model.threads },
      );
      tell('model', { role: 'completion', model });
    },
  });
  const lifetime = new Lifetime(
    { connectMs: args['connect-ms'], idleExitMs: args['idle-exit-ms'], vanishMs: args['vanish-ms'] },
    end,
  );
  const unloadTimer = setInterval(() => void models.unload().catch(() => undefined), args['unload-ms']);
  // Unloading and ending come minutes after the last use: by then everything is on disk.
  const snapshotTimer = setTimeout(() => {
    models.snapshot().catch((error: unknown) => log(`snapshot-${toGemmaError(error).code}`));
  }, args['snapshot-ms']);
  const handlers = createHandlers({
    engine,
    jobs,
    models,
    store,
    transfers,
    onProgress,
    onInstalled,
    lifetime,
    onUse: () => {
      unloadTimer.refresh();
      snapshotTimer.refresh();
    },
  });

  const serve = (socket: Socket): void =>
    serveConnection(socket, {
      token,
      handlers,
      onHello: (client) => {
        clients.add(client);
        lifetime.arrive();
        log('hello', { clients: lifetime.clients });
      },
      onLeave: (client, goodbye) => {
        clients.delete(client);
        lifetime.leave(goodbye);
        log(goodbye ? 'goodbye' : 'vanished', { clients: lifetime.clients });
      },
    });
  server.off('connection', keep);
  server.on('connection', serve);
  for (const socket of early) serve(socket);
  process.on('SIGTERM', () => end('sigterm'));
  process.on('uncaughtException', (error) => end(`uncaught-${error.name}`));
  log('listen', { startMs: Math.round(performance.now()) });
}
