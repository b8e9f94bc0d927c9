import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { openConnection } from '../../../src/client/connection.ts';
import type { Connection } from '../../../src/client/connection.ts';
import { completion } from '../../support/clientRequests.ts';

describe('connection to the inference process', () => {
  let server: Server;
  let peer: Socket;
  let connection: Connection;
  let heard: unknown[];
  let closed: Promise<void>;

  beforeEach(async () => {
    const accepted = new Promise<Socket>((resolve) => {
      server = createServer(resolve).listen(0, '127.0.0.1');
    });
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const socket = connect(address.port, '127.0.0.1');
    heard = [];
    closed = new Promise((resolve) => {
      connection = openConnection(socket, {
        onEvent: (name, body) => heard.push([name, body]),
        onClose: () => resolve(),
      });
    });
    peer = await accepted;
  });
  afterEach(() => {
    peer.destroy();
    connection.close();
    server.close();
  });

  it('fails open calls when the process dies', async () => {
    const call = connection.call('status', {});
    peer.destroy();
    await assert.rejects(call, { code: 'engine-stopped' });
    await closed;
    await assert.rejects(connection.call('status', {}), { code: 'engine-stopped' });
  });

  it('leaves no timer behind when the process dies in the middle of a message', async () => {
    const call = connection.call('status', {});
    await once(peer, 'data');
    const before = timers();
    peer.write('Content-Length: 100\r\n\r\n{"jsonrpc":');
    peer.end();
    await assert.rejects(call, { code: 'engine-stopped' });
    await closed;
    assert.equal(timers(), before);
  });

  it('does not send what the protocol does not allow', async () => {
    const tooLong = completion('x'.repeat(24_001));
    await assert.rejects(connection.call('complete', tooLong), { code: 'bad-input', message: /prefix/ });
  });

  it('refuses a result that is not what was asked for, without showing it', async () => {
    const call = connection.call('status', {});
    await once(peer, 'data');
    peer.write(frame({ jsonrpc: '2.0', id: 0, result: { pid: 'secret' } }));
    await assert.rejects(call, (error: Error) => {
      assert.doesNotMatch(error.message, /secret/);
      return 'code' in error && error.code === 'protocol';
    });
  });

  it('passes the code of an error on', async () => {
    const call = connection.call('status', {});
    await once(peer, 'data');
    peer.write(
      frame({
        jsonrpc: '2.0',
        id: 0,
        error: { code: -32000, message: 'Full.', data: { code: 'disk-full' } },
      }),
    );
    await assert.rejects(call, { code: 'disk-full', message: 'Full.' });
  });

  it('passes events on and closes at a malformed one', async () => {
    peer.write(
      frame({ jsonrpc: '2.0', method: 'progress', params: { step: 'import', role: null, fraction: 0.5 } }),
    );
    peer.write(
      frame({ jsonrpc: '2.0', method: 'progress', params: { step: 'import', role: null, fraction: 2 } }),
    );
    await closed;
    assert.deepEqual(heard, [['progress', { step: 'import', role: null, fraction: 0.5 }]]);
  });
});

function frame(body: unknown): string {
  const json = JSON.stringify(body);
  return `Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`;
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}
