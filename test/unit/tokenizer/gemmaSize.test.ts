import assert from 'node:assert/strict';
import { PieceIndex } from '../../../src/inference/tokenizer/healing.ts';
import { pieceKind } from '../../../src/inference/tokenizer/pieceKind.ts';
import type { Tokenizer } from '../../../src/inference/tokenizer/tokenizer.ts';
import { sourceFiles } from './corpus.ts';
import { fixture, oracle, shownPieces } from './fixtures.ts';
import { gemmaSizeTokenizer, type GemmaTokenizerJson } from './syntheticTokenizer.ts';
import { sample, texts } from './texts.ts';

describe('A vocabulary of Gemma’s size', () => {
  let json: GemmaTokenizerJson;
  let binary: Uint8Array;
  let tokenizer: Tokenizer;

  before(function () {
    this.timeout(60_000);
    ({ json, binary, tokenizer } = fixture('262,144 pieces', gemmaSizeTokenizer()));
  });

  it('has as many pieces and merges as the real one and compiles to less than 20 MB', () => {
    assert.equal(tokenizer.size, 262_145);
    assert.ok(json.model.merges.length > 500_000, `${json.model.merges.length} merges`);
    assert.ok(binary.length < 20e6, `${binary.length} bytes`);
  });

  it('encodes as @huggingface/tokenizers does', () => {
    const expected = oracle(json, (token) => pieceKind(token.content, token) === 'literal');
    const lines = sourceFiles()
      .flatMap((text) => text.split(/(?<=\n)/))
      .filter((_, i) => i % 10 === 0);
    for (const text of [...sample(texts, 3000), ...lines]) {
      assert.deepEqual(tokenizer.encode(text), expected(text), JSON.stringify(text));
    }
  }).timeout(60_000);

  it('finds its pieces by prefix', () => {
    const index = new PieceIndex(tokenizer);
    const found = shownPieces(tokenizer, [...index.compatible(new TextEncoder().encode('functio'))]);
    assert.ok(found.includes('function') && found.includes('f'), found.slice(0, 20).join());
    assert.ok(found.every((piece) => piece.startsWith('functio') || 'functio'.startsWith(piece)));
  }).timeout(10_000);
});
