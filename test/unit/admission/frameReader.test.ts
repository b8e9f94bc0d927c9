import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import * as fc from 'fast-check';
import {
  MAX_NEIGHBOR_CHARS,
  MAX_NEIGHBORS,
  MAX_PREFIX_CHARS,
  MAX_SUFFIX_CHARS,
} from '../../../src/protocol/engine.ts';
import { completion } from '../../support/clientRequests.ts';
import { FrameReader } from '../../../src/inference/frameReader.ts';

/** What a reader makes of `chunks` of a socket's data. */
function read(chunks: readonly Buffer[]): { messages: unknown[]; errors: Error[] } {
  const socket = new Socket();
  const messages: unknown[] = [];
  const errors: Error[] = [];
  const reader = new FrameReader(socket);
  reader.onError((error) => errors.push(error));
  reader.listen((message) => messages.push(message));
  for (const chunk of chunks) socket.emit('data', chunk);
  return { messages, errors };
}

function frame(body: unknown): Buffer {
  const json = Buffer.from(JSON.stringify(body));
  return Buffer.concat([Buffer.from(`Content-Length: ${json.length}\r\n\r\n`), json]);
}

/** Cuts `bytes` at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [
    0,
    ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b),
    bytes.length,
  ];
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

describe('frame reader', function () {
  this.timeout(20_000);

  it('gives the same messages however the stream is cut', () => {
    const message = fc.record(
      { jsonrpc: fc.constant('2.0'), id: fc.nat(), method: fc.string({ unit: 'binary' }) },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 5 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (list, places) => {
          const { messages, errors } = read(cut(Buffer.concat(list.map(frame)), places));
          assert.deepEqual(errors, []);
          assert.deepEqual(messages, list);
        },
      ),
    );
  });

  it('has room for the longest request the protocol allows, in its longest spelling', () => {
    const worst = '\u0001';
    const params = {
      ...completion(worst.repeat(MAX_PREFIX_CHARS)),
      suffix: worst.repeat(MAX_SUFFIX_CHARS),
      neighbors: Array.from({ length: MAX_NEIGHBORS }, () => ({
        languageId: worst.repeat(128),
        text: worst.repeat(MAX_NEIGHBOR_CHARS),
      })),
    };
    const { messages } = read([frame({ jsonrpc: '2.0', id: 1, method: 'complete', params })]);
    assert.equal(messages.length, 1);
  });

  const refused: Record<string, Buffer> = {
    'a frame of 100 MB, before its body arrives': Buffer.from('Content-Length: 100000000\r\n\r\n'),
    'a length that is no number': Buffer.from('Content-Length: 1e3\r\n\r\n'),
    'a negative length': Buffer.from('Content-Length: -5\r\n\r\n'),
    'a header without length': Buffer.from('Content-Type: text/plain\r\n\r\n'),
    'an endless header': Buffer.alloc(1_000, 'a'),
    'a body that is not JSON': Buffer.from('Content-Length: 3\r\n\r\n{x}'),
    'a body that is not JSON-RPC': frame({ hello: 1 }),
    'a body that is no object': frame(null),
  };
  for (const [what, bytes] of Object.entries(refused)) {
    it(`refuses ${what}, and reads nothing after it`, () => {
      const { messages, errors } = read([bytes, frame({ jsonrpc: '2.0', id: 1, method: 'status' })]);
      assert.equal(errors.length, 1);
      assert.deepEqual(messages, []);
    });
  }

  it('never throws, whatever arrives', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array()),
        (chunks) => void read(chunks.map((chunk) => Buffer.from(chunk))),
      ),
    );
  });
});
