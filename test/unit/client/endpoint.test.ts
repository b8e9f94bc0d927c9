import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { endpointFor } from '../../../src/client/endpoint.ts';
import { generationOf, latestGeneration, socketFile } from '../../../src/protocol/endpointFiles.ts';

describe('endpoint', () => {
  it('differs by home folder and by version, and is the same for the same', () => {
    const { folder } = endpointFor('/home/ada/.gemma', '1.0.0');
    assert.equal(endpointFor('/home/ada/.gemma', '1.0.0').folder, folder);
    assert.notEqual(endpointFor('/home/ada/.gemma', '1.0.1').folder, folder);
    assert.notEqual(endpointFor('/home/eve/.gemma', '1.0.0').folder, folder);
  });

  it('leaves room for a socket name in the 104 bytes that every system has', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 5_000 }), fc.string({ maxLength: 200 }), (home, version) => {
        const { folder } = endpointFor(home, version);
        assert.ok(Buffer.byteLength(`${folder}/${socketFile(999_999_999)}`) < 104);
      }),
    );
  });

  it('takes the highest generation and no other file for the owner', () => {
    const names = [
      'token',
      '9.sock',
      '10.sock',
      '10.pid',
      '.1f3a',
      '007.sock',
      '11.sock.bak',
      'start-12.log',
    ];
    assert.equal(latestGeneration(names), 10);
    assert.equal(latestGeneration(['token']), 0);
  });

  it('reads back the generation it wrote', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999_999 }), (n) =>
        assert.equal(generationOf(socketFile(n)), n),
      ),
    );
  });
});
