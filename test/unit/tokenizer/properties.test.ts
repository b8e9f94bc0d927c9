import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  Flag,
  openTokenizerBinary,
  writeTokenizerBinary,
} from '../../../src/inference/tokenizer/binaryFormat.ts';
import { loadTokenizer } from '../../../src/inference/tokenizer/loadTokenizer.ts';
import { sourceFiles } from './corpus.ts';
import { trained } from './fixtures.ts';
import { anyStrings, texts } from './texts.ts';

const seed = 20_260_923;

describe('Encoding and decoding, for all strings', function () {
  this.timeout(30_000);
  const { tokenizer } = trained();
  const anyIds = fc.array(fc.nat(tokenizer.size - 1), { maxLength: 40 });

  it('decoding gives back every well-formed text without `▁`', () => {
    const property = fc.property(texts, (text) =>
      assert.equal(tokenizer.decode(tokenizer.encode(text)), text),
    );
    fc.assert(property, { seed, numRuns: 20_000 });
  });

  it('`▁` comes back as a space, a lone surrogate as U+FFFD', () => {
    assert.equal(tokenizer.decode(tokenizer.encode('a\u2581b \u2581\u2581c')), 'a b   c');
    assert.equal(tokenizer.decode(tokenizer.encode('a\ud800b\udc00')), 'a\ufffdb\ufffd');
    const property = fc.property(anyStrings, (text) => {
      const expected = text.replaceAll('\u2581', ' ').replaceAll(/\p{Cs}/gu, '\ufffd');
      assert.equal(tokenizer.decode(tokenizer.encode(text)), expected);
    });
    fc.assert(property, { seed, numRuns: 10_000 });
  });

  it('no string becomes a control token', () => {
    const property = fc.property(anyStrings, (text) => {
      const control = tokenizer.encode(text).filter((id) => tokenizer.isControl(id));
      assert.deepEqual(control, []);
    });
    fc.assert(property, { seed, numRuns: 20_000 });
  });

  it('encoding line by line gives the same as encoding the whole', () => {
    const sections = openTokenizerBinary(trained().binary);
    assert.equal(sections.flags, Flag.lineSafe);
    const whole = loadTokenizer(writeTokenizerBinary({ ...sections, flags: 0 }));
    const documents = fc.array(fc.tuple(texts, fc.stringMatching(/^[\n\r\t ]{0,40}$/)), { maxLength: 6 });
    const property = fc.property(documents, (parts) => {
      const text = parts.flat().join('');
      assert.deepEqual(tokenizer.encode(text), whole.encode(text));
    });
    fc.assert(property, { seed, numRuns: 5000 });
    for (const text of sourceFiles(20_000)) assert.deepEqual(tokenizer.encode(text), whole.encode(text));
  });

  it('streaming gives well-formed parts that add up to what decoding the whole gives, for any tokens', () => {
    const property = fc.property(anyIds, (ids) => {
      const stream = tokenizer.stream();
      const parts = [...ids.map((id) => stream.push(id)), stream.end()];
      for (const part of parts) assert.doesNotMatch(part, /\p{Cs}/u);
      assert.equal(parts.join(''), tokenizer.decode(ids));
    });
    fc.assert(property, { seed, numRuns: 10_000 });
  });

  it('streaming the tokens of a text gives back the text, whole characters at a time', () => {
    const property = fc.property(texts, (text) => {
      const stream = tokenizer.stream();
      const parts = tokenizer.encode(text).map((id) => stream.push(id));
      for (const part of parts)
        assert.doesNotMatch(part, text.includes('\ufffd') ? /\p{Cs}/u : /\p{Cs}|\ufffd/u);
      assert.equal(parts.join('') + stream.end(), text);
    });
    fc.assert(property, { seed, numRuns: 10_000 });
  });
});
