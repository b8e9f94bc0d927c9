import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { readZip, writeZip } from '../../../scripts/package/zip.mjs';

const files = fc.uniqueArray(
  fc.record({
    path: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    bytes: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  }),
  { selector: ({ path }) => path, maxLength: 8 },
);

describe('the archive of a package', () => {
  it('holds the files, and has the same bytes in whatever order they come', () => {
    fc.assert(
      fc.property(files, (given) => {
        const zip = writeZip(given);
        assert.deepEqual(
          new Map(readZip(zip).map(({ path, bytes }) => [path, bytes])),
          new Map(given.map(({ path, bytes }) => [path, bytes])),
        );
        assert.deepEqual(writeZip(given.toReversed()), zip);
      }),
    );
  });

  it('notices a damaged file', () => {
    const zip = writeZip([{ path: 'a', bytes: Buffer.from('some text that is long enough') }]);
    for (let at = 31; at < 55; at += 1) {
      const damaged = Buffer.from(zip);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 4, at);
      assert.throws(() => readZip(damaged));
    }
  });
});
