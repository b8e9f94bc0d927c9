import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type Socket } from 'node:net';

export interface Proxy extends AsyncDisposable {
  readonly origin: string;
  /** What was asked of it. */
  readonly asked: { readonly target: string; readonly headers: IncomingMessage['headers'] }[];
}

export interface ProxyOptions {
  /** Where every connection leads, whatever host is named. */
  readonly port: number;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Name and password that it wants. */
  readonly credentials?: string;
  /** Answers every CONNECT with this. */
  readonly refusal?: number;
}

/** A real proxy for tunnels. */
export async function startProxy({ port, tls, credentials, refusal }: ProxyOptions): Promise<Proxy> {
  const asked: Proxy['asked'] = [];
  const sockets = new Set<Socket>();
  const server = tls === undefined ? createServer() : createTlsServer(tls);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    asked.push({ target: request.url ?? '', headers: request.headers });
    client.on('error', () => undefined);
    const wanted = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
    const status = request.headers['proxy-authorization'] === wanted ? refusal : 407;
    if (status !== undefined) {
      client.end(`HTTP/1.1 ${status} No\r\n\r\n`);
      return;
    }
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    sockets.add(upstream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const own = typeof address === 'string' ? 0 : (address?.port ?? 0);
  return {
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${own}`,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
