import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import type { RemoteFile } from '../../../src/inference/importer/remoteFile.ts';
import { remoteFiles } from '../../../src/inference/store/hub/remoteFiles.ts';
import { listRepository } from '../../../src/inference/store/hub/repositoryListing.ts';
import { type ErrorCode, GemmaError } from '../../../src/protocol/errors.ts';
import { type Answer, COMMIT, type Hub, REPOSITORY, sha256, startHub } from '../../support/hub.ts';
import { connectTo } from '../../support/hubNetwork.ts';

/** `npm run fuzz` breaks 1,000 connections. */
const DROPS = Number(process.env['GEMMA_CODE_DROPS'] ?? 100);
const NAME = 'model.safetensors';
const never = new AbortController().signal;

const fails = (code: ErrorCode, sentence: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GemmaError, String(error));
  assert.match(error.message, sentence);
  assert.equal(error.code, code);
  return true;
};

/** A hub with one file, and what a download of it gives. */
async function oneFile(
  bytes: number,
): Promise<AsyncDisposable & { hub: Hub; file: RemoteFile; content: Uint8Array; fetch: typeof fetch }> {
  const content = randomBytes(bytes);
  const hub = await startHub(new Map([[NAME, content]]));
  const file: RemoteFile = { name: NAME, bytes, digest: { kind: 'sha256', hex: sha256(content) } };
  async function fetch(from = 0, signal: AbortSignal = never): Promise<Uint8Array> {
    await using connection = await connectTo(hub.origin);
    const open = remoteFiles(connection.hub, { repository: REPOSITORY, commit: COMMIT });
    const chunks: Uint8Array[] = [];
    for await (const chunk of open(file, from, signal)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }
  return { hub, file, content, fetch, [Symbol.asyncDispose]: () => hub[Symbol.asyncDispose]() };
}

/** Each answer once, then right ones. */
function inTurn(hub: Hub, ...answers: readonly Answer[]): void {
  const rest = [...answers];
  hub.answer = () => rest.shift() ?? null;
}

describe('A file of the hub', function () {
  this.timeout(30_000 + DROPS * 20);

  it(`arrives whole over ${DROPS} broken connections, and hardly a byte twice`, async () => {
    const total = Math.max(4 * 2 ** 20, DROPS * 65_536);
    await using one = await oneFile(total);
    let dropped = 0;
    one.hub.answer = () => {
      if (dropped === DROPS) return null;
      dropped += 1;
      return { dropAfter: Math.floor((Math.random() * 2 * total) / DROPS / 1.1), reset: dropped % 10 === 0 };
    };
    const received = await one.fetch();
    assert.equal(createHash('sha256').update(received).digest('hex'), one.file.digest.hex);
    assert.ok(one.hub.servedBytes <= 1.05 * total, `${one.hub.servedBytes} bytes for ${total}`);
    assert.ok(dropped > DROPS * 0.9, `${dropped} connections`);
  });

  it('goes on from any byte, and asks for nothing when nothing is missing', async () => {
    await using one = await oneFile(100_000);
    assert.deepEqual(await one.fetch(99_999), Buffer.from(one.content.subarray(99_999)));
    assert.equal(one.hub.servedBytes, 1);
    assert.equal((await one.fetch(100_000)).length, 0);
    assert.equal(one.hub.asked.length, 1);
  });

  it('is asked for with If-Range once the server has named its content', async () => {
    await using one = await oneFile(100_000);
    inTurn(one.hub, { dropAfter: 50_000 });
    await one.fetch();
    const [, second] = one.hub.asked;
    assert.deepEqual(
      [second?.headers.range, second?.headers['if-range']],
      ['bytes=50000-', `"${one.file.digest.hex}"`],
    );
  });

  for (const [trouble, answers] of [
    ['a connection that stalls', [{ dropAfter: 30_000, stall: true }]],
    ['a server that stalls before it answers', [{ dropAfter: 0, stall: true }]],
    ['a reset', [{ dropAfter: 30_000, reset: true }]],
    ['a short body with a right length', [{ dropAfter: 30_000 }]],
    ['a short body without a length', [{ body: '', headers: { 'content-length': null } }]],
    [
      'a server that is busy',
      [{ status: 503 }, { status: 429, headers: { 'retry-after': '0' } }, { status: 500 }],
    ],
    ['a false part', [{ dropAfter: 10 }, { headers: { 'content-range': 'bytes 0-99999/100000' } }]],
    ['a part of another file', [{ dropAfter: 10 }, { headers: { 'content-range': 'bytes 10-99/100' } }]],
    ['a part without a range', [{ dropAfter: 10 }, { headers: { 'content-range': null } }]],
    ['a wrong length', [{ body: 'short' }]],
    [
      'a web page',
      [{ body: '<!doctype html>Sign in', headers: { 'content-type': 'text/html; charset=utf-8' } }],
    ],
    ['a web page that does not say so', [{ body: '\n<HTML>', headers: { 'content-length': null } }]],
    ['a packed body', [{ headers: { 'content-encoding': 'gzip' } }]],
    ['a server without ranges, near the beginning', [{ dropAfter: 50_000 }, { ignoreRange: true }]],
    ['another length of the same file', [{ headers: { 'x-linked-size': '5' } }]],
    ['another digest of the same file', [{ headers: { 'x-linked-etag': `"${'0'.repeat(64)}"` } }]],
    ['a redirect to nowhere', [{ status: 302 }, { status: 302, headers: { location: 'http://' } }]],
    ['a redirect to http', [{ status: 302, headers: { location: 'http://example.invalid/' } }]],
    ['a redirect to a file', [{ status: 302, headers: { location: 'file:///etc/passwd' } }]],
  ] as [string, Answer[]][]) {
    it(`arrives whole after ${trouble}`, async () => {
      await using one = await oneFile(100_000);
      inTurn(one.hub, ...answers);
      assert.deepEqual(await one.fetch(), Buffer.from(one.content));
    });
  }

  it('is right or refused, whatever happens in whatever order', async () => {
    const bytes = 50_000;
    await using one = await oneFile(bytes);
    const after = fc.nat(bytes);
    const answer: fc.Arbitrary<Answer> = fc.oneof(
      after.map((dropAfter) => ({ dropAfter })),
      after.map((dropAfter) => ({ dropAfter, reset: true })),
      after.map((dropAfter) => ({ dropAfter, ignoreRange: true })),
      fc.constantFrom(200, 204, 206, 302, 304, 416, 429, 500, 503).map((status) => ({ status, body: '' })),
      fc.tuple(after, after, after).map(([first, last, total]) => ({
        headers: { 'content-range': `bytes ${first}-${last}/${total}` },
      })),
      fc.string().map((etag) => ({
        dropAfter: 1_000,
        headers: { etag: JSON.stringify(etag).replaceAll(/[^ -~]/g, '') },
      })),
      fc.constant({ endless: true }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { maxLength: 8 }), after, async (answers, from) => {
        inTurn(one.hub, ...answers);
        const received = await one.fetch(from).catch((error: unknown) => {
          assert.ok(
            error instanceof GemmaError && ['untrusted', 'network'].includes(error.code),
            String(error),
          );
        });
        if (received !== undefined) assert.deepEqual(received, Buffer.from(one.content.subarray(from)));
      }),
      { numRuns: 100 },
    );
  });

  it('is cut where it should end, however much a server sends', async () => {
    await using one = await oneFile(100_000);
    one.hub.answer = () => ({ endless: true });
    assert.deepEqual(await one.fetch(), Buffer.from(one.content));
    assert.ok(one.hub.servedBytes < 5_000_000, `${one.hub.servedBytes} bytes`);
  });

  for (const [lie, answer, code, sentence] of [
    ['is never as long as it should be', { body: 'short' }, 'untrusted', /not as long/],
    ['is another one', { headers: { 'x-linked-etag': `"${'0'.repeat(64)}"` } }, 'untrusted', /not the file/],
    ['is a web page', { body: 'Sign in', headers: { 'content-type': 'text/html' } }, 'network', /web page/],
    ['points to itself', { status: 302, headers: { location: '#' } }, 'untrusted', /without end/],
    ['is busy for ever', { status: 503 }, 'network', /too busy \(503\)/],
    ['is missing', { status: 404 }, 'bad-input', /does not have google\/tiny/],
    ['is behind a login', { status: 401 }, 'unauthorized', /wants an access token/],
    ['is a teapot', { status: 418 }, 'untrusted', /nobody expects \(418\)/],
  ] as [string, Answer, ErrorCode, RegExp][]) {
    it(`is given up soon when it ${lie}`, async () => {
      await using one = await oneFile(1_000);
      one.hub.answer = () => answer;
      await assert.rejects(one.fetch(), fails(code, sentence));
      assert.ok(one.hub.asked.length < 100);
    });
  }

  it('is given up when a server that knows no ranges would have to send too much again', async () => {
    await using one = await oneFile(600_000);
    one.hub.answer = ({ from }) => (from === 0 ? { dropAfter: 500_000 } : { ignoreRange: true });
    await assert.rejects(one.fetch(), fails('untrusted', /can't go on/));
    assert.equal(one.hub.asked.length, 5);
  });

  it('waits as long as a busy server asks', async () => {
    await using one = await oneFile(1_000);
    inTurn(one.hub, { status: 429, headers: { 'retry-after': '1' } });
    const started = performance.now();
    await one.fetch();
    assert.ok(performance.now() - started >= 990);
  });

  it('is stopped at any time, also while it waits for another try', async () => {
    await using one = await oneFile(100_000);
    for (const answer of [
      { dropAfter: 50_000, stall: true },
      { dropAfter: 0, stall: true },
      { status: 503, headers: { 'retry-after': '100' } },
    ]) {
      one.hub.answer = () => answer;
      const stop = new AbortController();
      const fetching = assert.rejects(one.fetch(0, stop.signal), fails('cancelled', /stopped/));
      setTimeout(() => stop.abort(), 50);
      await fetching;
    }
  });
});

describe('A hub behind a licence', () => {
  const gated = { 'x-error-code': 'GatedRepo' };
  for (const [status, headers, token, code, sentence] of [
    [401, gated, null, 'unauthorized', /wants an access token for google\/tiny: accept the licence/],
    [403, gated, null, 'unauthorized', /wants an access token/],
    [401, {}, 'hf_wrong', 'unauthorized', /does not accept the access token/],
    [403, gated, 'hf_right', 'licence', /licence of google\/tiny has not been accepted/],
    [403, {}, 'hf_narrow', 'unauthorized', /may not read models behind a licence/],
    [403, { 'content-type': 'text/html' }, null, 'network', /web page/],
  ] as const) {
    it(`that answers ${status} ${token === null ? 'without a token' : `to ${token}`}: ${code}`, async () => {
      await using hub = await startHub(new Map([[NAME, Buffer.from('content')]]));
      hub.answer = () => ({ status, headers, body: '{}' });
      await using connection = await connectTo(hub.origin, { token });
      await assert.rejects(listRepository(connection.hub, REPOSITORY, null, never), fails(code, sentence));
      const sent = hub.asked[0]?.headers.authorization;
      assert.equal(sent, token === null ? undefined : `Bearer ${token}`);
    });
  }

  it('never shows the token to the host that keeps the files, nor to any other', async () => {
    await using store = await startHub(new Map([[NAME, randomBytes(1_000)]]));
    await using hub = await startHub(store.files);
    hub.answer = ({ path }) => ({
      status: 302,
      headers: { location: `${store.origin}${path}`, 'set-cookie': 'session=secret' },
    });
    // The second time the signed address has expired.
    inTurn(store, { dropAfter: 500 }, { status: 403 });
    await using connection = await connectTo(hub.origin, { token: 'hf_secret' });
    const open = remoteFiles(connection.hub, { repository: REPOSITORY, commit: COMMIT });
    const file: RemoteFile = { name: NAME, bytes: 1_000, digest: { kind: 'sha256', hex: '0'.repeat(64) } };
    let bytes = 0;
    for await (const chunk of open(file, 0, never)) bytes += chunk.length;
    assert.deepEqual([bytes, hub.asked.length, store.asked.length], [1_000, 3, 3]);
    assert.ok(hub.asked.every(({ headers }) => headers.authorization === 'Bearer hf_secret'));
    assert.ok(!JSON.stringify(store.asked).includes('secret'));
    assert.ok(!JSON.stringify(hub.asked).includes('session'));

    store.answer = () => ({ status: 401 });
    await assert.rejects(
      open(file, 0, never)[Symbol.asyncIterator]().next(),
      fails('network', /where the hub keeps the file, does not give it out \(401\)/),
    );
  });

  for (const endpoint of [
    'http://example.com',
    'ftp://127.0.0.1',
    'https://me:secret@example.com',
    'https://example.com/?a',
  ]) {
    it(`is not asked when its address is ${endpoint}`, async () => {
      await assert.rejects(connectTo(endpoint), fails('bad-input', /must be a plain https address/));
    });
  }
});
