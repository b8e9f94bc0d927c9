import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { readServerAddress } from '../../../src/remote/serverAddress.ts';
import { GemmaError } from '../../../src/protocol/errors.ts';

const reads = (text: string, base: string): void => assert.equal(readServerAddress(text).base, base, text);
const refuses = (text: string): void =>
  assert.throws(() => readServerAddress(text), { code: 'bad-input' }, text);

describe('the address of a server', () => {
  it('is taken with or without what clients put behind it', () => {
    reads('http://localhost:11434', 'http://localhost:11434');
    reads(' http://localhost:11434/v1/ ', 'http://localhost:11434');
    reads('https://Example.org/llm/v1', 'https://example.org/llm');
    reads('https://example.org:443//', 'https://example.org');
  });

  it('is encrypted but for this machine and the local network', () => {
    for (const host of ['localhost', 'x.localhost', '127.0.0.1', '127.9.9.9', '[::1]'])
      assert.ok(readServerAddress(`http://${host}:80`).loopback, host);
    const local = [
      '10.1.2.3',
      '172.31.0.1',
      '192.168.1.1',
      '100.100.1.1',
      '169.254.1.1',
      '[fd00::1]',
      '[fe80::1]',
    ];
    for (const host of [
      ...local,
      'nas',
      'box.local',
      'host.docker.internal',
      'a.home.arpa',
      '[::ffff:10.0.0.1]',
    ]) {
      const { loopback, encrypted } = readServerAddress(`http://${host}:8000/v1`);
      assert.deepEqual([loopback, encrypted], [false, false], host);
    }
    const outside = [
      'example.org',
      '8.8.8.8',
      '172.32.0.1',
      '100.128.0.1',
      '[2001:db8::1]',
      '11.0.0.1',
      '0x08080808',
    ];
    for (const host of [
      ...outside,
      'localhost.example.org',
      '127.0.0.1.example.org',
      'local.example',
      '[::ffff:8.8.8.8]',
    ]) {
      refuses(`http://${host}`);
      assert.ok(readServerAddress(`https://${host}`).encrypted, host);
    }
  });

  it('has no password, no query, and no scheme but http', () => {
    for (const text of [
      'https://me:secret@example.org',
      'https://me@example.org',
      'https://example.org/?key=1',
      'https://example.org/#x',
      'file:///etc/passwd',
      'ftp://example.org',
      'javascript:alert(1)',
      'example.org',
      'localhost:11434',
      '',
      'https://',
      `https://example.org/${'a'.repeat(3_000)}`,
    ])
      refuses(text);
  });

  it('is read or refused whatever it is', () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.constantFrom('', 'http://', 'https://'), fc.string()).map((parts) => parts.join('')),
        (text) => {
          try {
            const { base, origin } = readServerAddress(text);
            assert.equal(new URL(base).origin, origin);
          } catch (error) {
            assert.ok(error instanceof GemmaError && error.code === 'bad-input');
          }
        },
      ),
    );
  });
});
