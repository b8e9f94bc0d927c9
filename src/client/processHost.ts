import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { PROTOCOL_VERSION } from '../protocol/engine.ts';
import { GemmaError } from '../protocol/errors.ts';
import { openConnection } from './connection.ts';
import type { Connection, ConnectionListener } from './connection.ts';
import { endpointFor, latestAddress, ownerPid } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import { DEFAULT_HANG_MS, DEFAULT_START_MS } from './processOptions.ts';
import type { ProcessOptions } from './processOptions.ts';
import { createPrivateFolder, ensureToken } from './privateFolder.ts';
import { spawnProcess } from './spawnProcess.ts';
import type { SpawnedProcess } from './spawnProcess.ts';

export interface HostedConnection {
  readonly connection: Connection;
  readonly pid: number;
}

const RETRY_MS = 20;

/**
 * Connects to the one inference process of this home and version, and starts it when there is none.
 *
 * @throws GemmaError `engine-unavailable` with the cause when it can't be started in time
 */
export async function spawnOrConnect(
  options: ProcessOptions,
  listener: ConnectionListener,
): Promise<HostedConnection> {
  const endpoint = endpointFor(options.home, options.version);
  await createPrivateFolder(endpoint.folder);
  const token = await ensureToken(endpoint.folder);
  const deadline = performance.now() + (options.startMs ?? DEFAULT_START_MS);
  let spawned: SpawnedProcess | null = null;
  try {
    while (performance.now() < deadline) {
      const address = await latestAddress(endpoint);
      const socket = address === null ? null : await open(address.path);
      if (socket !== null && address !== null) {
        const hosted = await greet(socket, token, options, listener);
        if (hosted === 'silent') await killOwner(endpoint, address.generation);
        else if (hosted !== null) return hosted;
      }
      spawned ??= await spawnProcess(endpoint, options);
      if (spawned.exited !== null) {
        if (spawned.exited.failed) {
          throw new GemmaError('engine-unavailable', await spawned.cause());
        }
        // It lost the election: somebody else owns the endpoint, or did until now.
        await spawned.dispose();
        spawned = null;
      }
      await delay(RETRY_MS);
    }
    throw new GemmaError(
      'engine-unavailable',
      'The inference process did not answer in time after its start.',
    );
  } catch (error) {
    spawned?.kill();
    throw error;
  } finally {
    void spawned?.dispose();
  }
}

/** A connected socket, or null when nobody listens there. */
function open(path: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', () => resolve(null));
  });
}

/** Null when the process closed the connection (it lost its election or is ending), `silent` when it is hung. */
async function greet(
  socket: Socket,
  token: string,
  options: ProcessOptions,
  listener: ConnectionListener,
): Promise<HostedConnection | 'silent' | null> {
  let greeted = false;
  let silent = false;
  const connection = openConnection(socket, {
    onEvent: (name, body) => listener.onEvent(name, body),
    onClose: () => {
      if (greeted) listener.onClose();
    },
  });
  const timer = setTimeout(() => {
    silent = true;
    connection.close();
  }, options.hangMs ?? DEFAULT_HANG_MS);
  try {
    const { pid } = await connection.call('hello', {
      protocol: PROTOCOL_VERSION,
      token,
      client: options.client,
    });
    greeted = true;
    return { connection, pid };
  } catch (error) {
    connection.close();
    if (error instanceof GemmaError && error.code === 'engine-stopped') return silent ? 'silent' : null;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** The kernel accepts connections for a hung owner, so its number in the folder is still its own. */
async function killOwner(endpoint: Endpoint, generation: number): Promise<void> {
  const pid = await ownerPid(endpoint, generation);
  if (pid === null) {
    throw new GemmaError(
      'engine-unavailable',
      'The inference process does not answer and can not be identified.',
    );
  }
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}
