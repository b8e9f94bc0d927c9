import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  openTokenizerBinary,
  writeTokenizerBinary,
  type TokenizerSections,
} from '../../../src/inference/tokenizer/binaryFormat.ts';
import { loadTokenizer } from '../../../src/inference/tokenizer/loadTokenizer.ts';
import { trained } from './fixtures.ts';

const refused = { name: 'GemmaError', code: 'model-damaged' };

describe('Loading a tokenizer.bin', () => {
  const { binary, tokenizer } = trained();

  it('works from any address, such as the middle of a larger buffer', () => {
    for (const offset of [0, 1, 2, 4]) {
      const larger = new Uint8Array(binary.length + 8);
      larger.set(binary, offset);
      const moved = loadTokenizer(larger.subarray(offset, offset + binary.length));
      assert.deepEqual(moved.encode('return 42;'), tokenizer.encode('return 42;'));
    }
  });

  it('refuses a file that is cut off, anywhere', () => {
    const property = fc.property(fc.nat(binary.length - 1), (length) => {
      assert.throws(() => loadTokenizer(binary.subarray(0, length)), refused);
    });
    fc.assert(property, { seed: 20_260_923, numRuns: 300 });
  }).timeout(30_000);

  it('refuses a file with anything behind its end', () => {
    assert.throws(() => loadTokenizer(Buffer.concat([binary, new Uint8Array(4)])), refused);
  });

  it('refuses a file in which any byte has changed', () => {
    const places = fc.oneof(fc.nat(63), fc.nat(binary.length - 1));
    const property = fc.property(places, fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = binary.slice();
      changed[at]! ^= change;
      assert.throws(() => loadTokenizer(changed), refused);
    });
    fc.assert(property, { seed: 20_260_923, numRuns: 1000 });
  }).timeout(30_000);

  it('refuses any other bytes', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      assert.throws(() => loadTokenizer(bytes), refused);
    });
    fc.assert(property, { seed: 20_260_923, numRuns: 1000 });
  }).timeout(30_000);
});

describe('Loading a tokenizer.bin with a valid checksum over tables that contradict each other', () => {
  refuses('pieces out of bounds', ({ pieceOffsets }) => ({
    pieceOffsets: pieceOffsets.with(7, 0xffff_ffff),
  }));
  refuses('pieces that end before they start', ({ pieceOffsets }) => ({
    pieceOffsets: pieceOffsets.with(900, pieceOffsets[800]!),
  }));
  refuses('names out of bounds', ({ addedOffsets }) => ({ addedOffsets: addedOffsets.with(3, 0xffff_ffff) }));
  refuses('a merge table without a free slot, in which a look-up would never end', ({ mergeTable }) => ({
    mergeTable: mergeTable.map((word) => (word === 0xffff_ffff ? 0 : word)),
  }));
  refuses('a merge table of another size', ({ mergeTable }) => ({ mergeTable: mergeTable.slice(0, -2) }));
  refuses('merges that make pieces beyond the vocabulary', ({ mergeResults }) => ({
    mergeResults: mergeResults.with(0, 4097),
  }));
  refuses('fewer merge results than merges', ({ mergeResults }) => ({
    mergeResults: mergeResults.slice(0, -1),
  }));
  refuses('byte pieces beyond the vocabulary', ({ byteIds }) => ({ byteIds: byteIds.with(65, 4097) }));
  refuses('characters beyond the vocabulary', ({ characters }) => ({ characters: characters.with(1, 4097) }));
  refuses('added tokens beyond the vocabulary', ({ addedIds }) => ({ addedIds: addedIds.with(0, 4097) }));
  refuses('a beginning of text beyond the vocabulary', () => ({ bos: 4097 }));
});

function refuses(what: string, change: (sections: TokenizerSections) => Partial<TokenizerSections>): void {
  it(`refuses ${what}`, () => {
    const sections = openTokenizerBinary(trained().binary.slice());
    assert.throws(() => loadTokenizer(writeTokenizerBinary({ ...sections, ...change(sections) })), refused);
  });
}
