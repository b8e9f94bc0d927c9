import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openConnection } from '../../src/client/connection.ts';
import type { EngineClient } from '../../src/client/engineClient.ts';
import { latestAddress } from '../../src/client/endpoint.ts';
import { PROTOCOL_VERSION } from '../../src/protocol/engine.ts';
import { completion } from '../support/clientRequests.ts';
import { endpointFiles, testHome } from '../support/inferenceProcess.ts';
import type { TestHome } from '../support/inferenceProcess.ts';

describe('the inference process and a hostile peer', function () {
  this.timeout(60_000);
  let home: TestHome;
  let client: EngineClient;
  let pid: number;
  let path: string;
  let token: string;

  beforeEach(async () => {
    home = await testHome();
    client = home.client();
    ({ pid } = await client.call('status', {}));
    path = (await latestAddress({ folder: home.endpointFolder, pipe: null }))?.path ?? '';
    token = await readFile(join(home.endpointFolder, 'token'), 'utf8');
  });
  afterEach(async () => {
    // Whatever happened, the same process still serves.
    assert.equal((await client.call('status', {})).pid, pid);
    await home.dispose();
  });

  const hello = (change: object = {}): string =>
    request('hello', { protocol: PROTOCOL_VERSION, token, client: 'raw', ...change });

  function open(): Promise<Socket> {
    return new Promise((resolve) => {
      const socket = connect(path, () => resolve(socket));
      socket.on('error', () => undefined);
    });
  }

  /** Sends `text`; resolves with what was answered when the process has closed the connection. */
  async function closedBy(text: string): Promise<string> {
    const socket = await open();
    let answer = '';
    socket.on('data', (data) => (answer += data.toString()));
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
    });
    socket.write(text);
    await Promise.race([closed, delay(4_000).then(() => assert.fail('the connection stayed open'))]);
    return answer;
  }

  const strangers: Record<string, () => string> = {
    'a wrong token': () => hello({ token: '0'.repeat(64) }),
    'a token of another length': () => hello({ token: 'short' }),
    'another protocol version': () => hello({ protocol: PROTOCOL_VERSION + 1 }),
    'no hello at all': () => request('status', {}),
    'a hello that is too long': () => hello({ client: 'x'.repeat(100_000) }),
    garbage: () => '\u0000\u0001garbage'.repeat(100),
    'an HTTP request': () => 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'a frame of 100 MB': () => `Content-Length: 104857600\r\n\r\n${'x'.repeat(1_000_000)}`,
    'a notification before hello': () => frame({ jsonrpc: '2.0', method: 'goodbye', params: {} }),
    'a cancellation without parameters': () => frame({ jsonrpc: '2.0', method: '$/cancelRequest' }),
  };
  for (const [what, text] of Object.entries(strangers)) {
    it(`${what}: the connection is closed and nothing is told`, async () => {
      assert.doesNotMatch(await closedBy(text()), /"result"/);
    });
  }

  it('garbage after a right hello: the connection is closed', async () => {
    const socket = await open();
    socket.write(hello());
    await received(socket, /"pid"/);
    const closed = once(socket, 'close');
    socket.write('Content-Length: 3\r\n\r\n{x}');
    await closed;
  });

  it('malformed parameters after a right hello: an error without a result, and the connection stays', async () => {
    const socket = await open();
    const connection = openConnection(socket, { onEvent: () => undefined, onClose: () => undefined });
    await connection.call('hello', { protocol: PROTOCOL_VERSION, token, client: 'raw' });
    socket.write(frame({ jsonrpc: '2.0', id: 77, method: 'complete', params: { prefix: 5 } }));
    await received(socket, /"code":"protocol"/);
    assert.equal((await connection.call('status', {})).pid, pid);
    connection.close();
  });

  it('a thousand cancellations: each call is over, and the process is as before', async () => {
    await client.call('load', { role: 'completion', backend: 'auto' });
    const calls = Array.from({ length: 1_000 }, async (_, index) => {
      const cancel = new AbortController();
      const call = client.call('complete', completion('work 50', `${index % 10}.ts`), cancel.signal);
      setTimeout(() => cancel.abort(), index % 20);
      return call.then(
        () => 'answered',
        (error: { code: string }) => error.code,
      );
    });
    const outcomes = new Set(await Promise.all(calls));
    assert.ok([...outcomes].every((outcome) => ['answered', 'cancelled', 'superseded'].includes(outcome)));
    assert.equal((await client.call('complete', completion('after'))).text, 'after');
    const { running, waiting } = await client.call('status', {});
    assert.deepEqual({ running, waiting }, { running: 0, waiting: 0 });
  });

  it('only this user can reach the endpoint, and nothing but its files lies there', async () => {
    assert.equal((await stat(home.endpointFolder)).mode & 0o777, 0o700);
    assert.equal((await stat(join(home.endpointFolder, 'token'))).mode & 0o777, 0o600);
    assert.match(token, /^[\da-f]{64}$/);
    assert.deepEqual((await endpointFiles(home)).toSorted(), ['1.pid', '1.sock', 'token']);
  });

  it('the log has events and numbers, and no text of the user', async () => {
    await client.call('load', { role: 'completion', backend: 'auto' });
    await client.call('complete', completion('canary-7f3a'));
    await assert.rejects(
      client.call('load', { role: 'completion', model: 'oom canary-7f3a', backend: 'auto' }),
    );
    const log = await readFile(join(home.options.home, 'logs', 'inference.log'), 'utf8');
    assert.match(log, /"event":"load-completion"/);
    assert.doesNotMatch(log, /canary/);
  });
});

function frame(body: unknown): string {
  const json = JSON.stringify(body);
  return `Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`;
}

/** Resolves when what the socket received matches. */
function received(socket: Socket, pattern: RegExp): Promise<void> {
  let text = '';
  return new Promise((resolve) => {
    socket.on('data', (data) => {
      text += data.toString();
      if (pattern.test(text)) resolve();
    });
  });
}

function request(method: string, params: unknown): string {
  return frame({ jsonrpc: '2.0', id: 1, method, params });
}
