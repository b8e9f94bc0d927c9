import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { PieceIndex } from '../../../src/inference/tokenizer/healing.ts';
import { shownPieces, trained } from './fixtures.ts';
import { texts } from './texts.ts';

describe('PieceIndex', () => {
  const { tokenizer } = trained();
  const index = new PieceIndex(tokenizer);
  const utf8 = new TextEncoder();
  const all = Array.from({ length: tokenizer.size }, (_, id) => id).filter(
    (id) => tokenizer.bytes(id).length > 0,
  );
  const compatible = (text: string): string[] =>
    shownPieces(tokenizer, [...index.compatible(utf8.encode(text))]);

  it('finds the pieces that start with what is needed and those that it starts with', () => {
    const found = compatible('retur');
    assert.ok(
      ['r', 're', 'return'].every((piece) => found.includes(piece)),
      found.join(),
    );
    assert.ok(
      found.every((piece) => piece.startsWith('retur') || 'retur'.startsWith(piece)),
      found.join(),
    );
  });

  it('needs a leading space like any other byte', () => {
    assert.ok(compatible(' ').includes(' return'));
    assert.ok(!compatible('r').includes(' return'));
  });

  it('has the byte pieces that begin a character', () => {
    const bytes = tokenizer.encode('👋');
    assert.deepEqual([...index.compatible(utf8.encode('👋'))], [bytes[0]]);
    assert.deepEqual([...index.compatible(utf8.encode('👋').subarray(1))], [bytes[1]]);
  });

  it('has everything but control tokens when nothing is needed', () => {
    const found = [...index.compatible(new Uint8Array())].sort((a, b) => a - b);
    assert.deepEqual(found, all);
    assert.ok(found.every((id) => !tokenizer.isControl(id)));
  });

  it('equals a search through all pieces', () => {
    const cuts = fc.tuple(texts, fc.nat(12)).map(([text, length]) => utf8.encode(text).subarray(0, length));
    const pieces = fc.constantFrom(...all).map((id) => tokenizer.bytes(id));
    const needs = fc.oneof(cuts, pieces, fc.uint8Array({ maxLength: 6 }));
    const property = fc.property(needs, (need) => {
      const slow = all.filter((id) => starts(tokenizer.bytes(id), need) || starts(need, tokenizer.bytes(id)));
      assert.deepEqual(
        [...index.compatible(need)].sort((a, b) => a - b),
        slow,
      );
    });
    fc.assert(property, { seed: 20_260_923, numRuns: 1000 });
  }).timeout(30_000);
});

function starts(text: Uint8Array, prefix: Uint8Array): boolean {
  return text.length >= prefix.length && prefix.every((byte, i) => text[i] === byte);
}
