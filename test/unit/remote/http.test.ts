import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import * as v from 'valibot';
import { askEvents, askJson } from '../../../src/remote/http.ts';
import type { RemoteRequest } from '../../../src/remote/http.ts';
import { readServerAddress } from '../../../src/remote/serverAddress.ts';
import { type Answer, HttpServer, json } from '../../support/remote/httpServer.ts';

const TOKEN = 'sk-secret';
const Ok = v.object({ ok: v.literal(true) });

const request = (more: Partial<RemoteRequest> = {}): RemoteRequest => ({
  path: '/v1/models',
  signal: new AbortController().signal,
  silenceMs: 10_000,
  ...more,
});

async function withServer(answer: Answer, work: (server: HttpServer) => Promise<void>): Promise<void> {
  await using server = await HttpServer.start(answer);
  await work(server);
}

describe('a request to a server', () => {
  it('has its token, and none without one', () =>
    withServer(
      (_asked, response) => json(response, { ok: true }),
      async (server) => {
        await askJson(server.connection(TOKEN), request({ body: { a: 'ü' } }), Ok);
        await askJson(server.connection(), request(), Ok);
        const [first, second] = server.asked;
        assert.equal(first?.headers.authorization, `Bearer ${TOKEN}`);
        assert.equal(first?.method, 'POST');
        assert.deepEqual(first?.body, { a: 'ü' });
        assert.equal(second?.headers.authorization, undefined);
        assert.equal(second?.method, 'GET');
      },
    ));

  it('never follows to another origin, whatever it is asked by', async () => {
    await using thief = await HttpServer.start((_asked, response) => json(response, { ok: true }));
    for (const status of [301, 302, 303, 307, 308]) {
      for (const body of [undefined, { code: 'mine' }]) {
        await withServer(
          (_asked, response) => {
            response.writeHead(status, { location: `${thief.url}/v1/models` });
            response.end();
          },
          async (server) => {
            await assert.rejects(askJson(server.connection(TOKEN), request({ body }), Ok), {
              code: 'untrusted',
            });
          },
        );
      }
    }
    assert.equal(thief.asked.length, 0);
  });

  it('never follows to another port, scheme or to nowhere', async () => {
    for (const location of [
      'https://127.0.0.1/',
      '//example.org/',
      'http://',
      'file:///etc/passwd',
      'http://localhost:1/',
    ]) {
      await withServer(
        (_asked, response) => {
          response.writeHead(307, { location });
          response.end();
        },
        (server) => assert.rejects(askJson(server.connection(TOKEN), request(), Ok), { code: 'untrusted' }),
      );
    }
  });

  it('follows within the origin with the same body, but not in circles', async () => {
    await withServer(
      ({ path }, response) => {
        if (path === '/moved/models') return json(response, { ok: true });
        response.writeHead(308, { location: '/moved/models' });
        return response.end();
      },
      async (server) => {
        await askJson(server.connection(TOKEN), request({ body: { a: 1 } }), Ok);
        assert.deepEqual(server.asked[1]?.body, { a: 1 });
        assert.equal(server.asked[1]?.headers.authorization, `Bearer ${TOKEN}`);
      },
    );
    await withServer(
      (_asked, response) => {
        response.writeHead(302, { location: '/v1/models' });
        response.end();
      },
      async (server) => {
        await assert.rejects(askJson(server.connection(), request(), Ok), { code: 'network' });
        assert.ok(server.asked.length < 10);
      },
    );
  });

  const failures: [number, string][] = [
    [400, 'bad-input'],
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [404, 'no-model'],
    [422, 'bad-input'],
    [429, 'network'],
    [500, 'network'],
    [501, 'no-model'],
    [503, 'network'],
  ];
  it('says what a failure means, and repeats the server only where that may be told', async () => {
    for (const [status, code] of failures) {
      await withServer(
        (_asked, response) => json(response, { error: { message: 'you sent\u202e SECRET\ncode' } }, status),
        async (server) => {
          const silent = await failureOf(askJson(server.connection(), request(), Ok));
          assert.equal(silent.code, code, `${status}`);
          assert.doesNotMatch(silent.message, /SECRET/);
          const telling = await failureOf(askJson(server.connection(), request({ tellsWords: true }), Ok));
          if (status !== 401) assert.match(telling.message, /you sent SECRET code$/);
        },
      );
    }
  });

  it('takes no other answer for the one it asked for', async () => {
    const answers: Answer[] = [
      (_asked, response) => json(response, { ok: false }),
      (_asked, response) => json(response, null),
      (_asked, response) => {
        response.writeHead(200, { 'content-type': 'text/html' });
        response.end('<html>Log in to the hotel’s network</html>');
      },
      (_asked, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end('['.repeat(1_000_000));
      },
    ];
    for (const answer of answers)
      await withServer(answer, (server) =>
        assert.rejects(askJson(server.connection(), request(), Ok), { code: 'protocol' }),
      );
  });

  it('gives up an answer without an end', () =>
    withServer(
      (_asked, response) => {
        const piece = Buffer.alloc(1_000_000, 0x20);
        const more = (): void => {
          if (response.destroyed) return;
          response.write(piece, more);
        };
        more();
      },
      (server) => assert.rejects(askJson(server.connection(), request(), Ok), { code: 'protocol' }),
    ));

  it('does not wait for ever: not for an answer, not for its next byte, not for a connection', async () => {
    const limit = request({ silenceMs: 50 });
    await withServer(
      () => undefined,
      (server) => assert.rejects(askJson(server.connection(), limit, Ok), { code: 'network' }),
    );
    await withServer(
      (_asked, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write('{');
      },
      (server) => assert.rejects(askJson(server.connection(), limit, Ok), { code: 'network' }),
    );
    const sockets: Socket[] = [];
    const mute = createServer((socket) => void sockets.push(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => void mute.listen(0, '127.0.0.1', resolve));
    const address = mute.address();
    assert.ok(typeof address === 'object' && address !== null);
    const base = { address: readServerAddress(`https://127.0.0.1:${address.port}`), token: null };
    await assert.rejects(askJson(base, limit, Ok), { code: 'network' });
    mute.close();
    for (const socket of sockets) socket.destroy();
    // Nobody listens there any more.
    await assert.rejects(askJson(base, request(), Ok), { code: 'network', message: /Is the server running/ });
  });

  it('names the certificate when that is the reason', () =>
    withServer(
      () => undefined,
      async (server) => {
        const plainText = { address: readServerAddress(server.url.replace('http:', 'https:')), token: null };
        await assert.rejects(askJson(plainText, request(), Ok), { code: 'untrusted' });
      },
    ));

  it('closes the connection when it is cancelled, before and in the middle of the answer', async () => {
    for (const begins of [false, true]) {
      await withServer(
        (_asked, response) => {
          if (!begins) return;
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          response.write('data: 1\n\n');
        },
        async (server) => {
          const abort = new AbortController();
          const heard: string[] = [];
          const reading = (async () => {
            const events = askEvents(server.connection(), request({ signal: abort.signal }));
            for await (const data of events) {
              heard.push(data);
              abort.abort();
            }
          })();
          if (!begins) {
            while (server.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
            abort.abort();
          }
          await assert.rejects(reading, { code: 'cancelled' });
          assert.deepEqual(heard, begins ? ['1'] : []);
          await server.asked[0]?.gone;
        },
      );
    }
  });

  it('closes the connection when nobody reads on', () =>
    withServer(
      (_asked, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: 1\n\n');
      },
      async (server) => {
        for await (const data of askEvents(server.connection(), request())) {
          assert.equal(data, '1');
          break;
        }
        await server.asked[0]?.gone;
      },
    ));

  it('is not made when it is cancelled already', () =>
    withServer(
      () => undefined,
      async (server) => {
        const signal = AbortSignal.abort();
        await assert.rejects(askJson(server.connection(), request({ signal }), Ok), { code: 'cancelled' });
        assert.equal(server.asked.length, 0);
      },
    ));

  it('survives a connection that breaks in the middle', () =>
    withServer(
      (_asked, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
        response.write('{"ok"', () => response.destroy());
      },
      (server) => assert.rejects(askJson(server.connection(), request(), Ok), { code: 'network' }),
    ));
});

async function failureOf(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  const failure = await work.then(
    () => assert.fail('it did not fail'),
    (error: unknown) => error,
  );
  return v.parse(v.object({ code: v.string(), message: v.string() }), failure);
}
