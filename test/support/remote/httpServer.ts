import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as v from 'valibot';
import { readServerAddress } from '../../../src/remote/serverAddress.ts';
import type { Connection } from '../../../src/remote/http.ts';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Null without a body. */
  readonly body: Record<string, unknown> | null;
  /** Resolves when the client has gone. */
  readonly gone: Promise<void>;
}

export type Answer = (asked: Asked, response: ServerResponse) => unknown;

/** A real server on loopback that remembers what it was asked. */
export class HttpServer implements AsyncDisposable {
  readonly asked: Asked[] = [];
  readonly #server;

  private constructor(answer: Answer) {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const text = Buffer.concat(parts).toString();
        const asked: Asked = {
          method: request.method ?? '',
          path: request.url ?? '',
          headers: request.headers,
          body: text === '' ? null : v.parse(v.record(v.string(), v.unknown()), JSON.parse(text)),
          gone: new Promise((resolve) => void response.once('close', () => resolve())),
        };
        this.asked.push(asked);
        void (async () => answer(asked, response))().catch((error: unknown) => {
          console.error(error);
          response.destroy();
        });
      });
    });
  }

  static async start(answer: Answer): Promise<HttpServer> {
    const made = new HttpServer(answer);
    await new Promise<void>((resolve) => void made.#server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  get url(): string {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  connection(token: string | null = null): Connection {
    return { address: readServerAddress(this.url), token };
  }

  paths(): string[] {
    return this.asked.map(({ path }) => path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }
}

export function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

/** A stream of these bytes, in these pieces. */
export async function stream(response: ServerResponse, pieces: Iterable<string | Uint8Array>): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const piece of pieces) {
    response.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  response.end();
}
