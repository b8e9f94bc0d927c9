import assert from 'node:assert/strict';
import { committedFixture, committedTokenizers, fixture, shownPieces, trained } from './fixtures.ts';
import { gemmaTokenizer } from './syntheticTokenizer.ts';
import { sample, texts } from './texts.ts';

describe('Tokenizer', () => {
  const { json, tokenizer } = trained();
  const shown = (text: string): string[] => shownPieces(tokenizer, tokenizer.encode(text));

  it('knows its size, its control tokens and their ids', () => {
    assert.equal(tokenizer.size, 4097);
    assert.deepEqual([tokenizer.bos, tokenizer.eos], [2, 1]);
    assert.equal(tokenizer.control('<start_of_turn>'), json.model.vocab['<start_of_turn>']);
    assert.equal(tokenizer.control('<unused7>'), json.model.vocab['<unused7>']);
    assert.equal(tokenizer.control('<image_soft_token>'), 4096, 'an added token behind the vocabulary');
    assert.equal(tokenizer.control('const'), undefined);
    assert.equal(tokenizer.control('<b>'), undefined);
    assert.equal(tokenizer.control('\n'), undefined);
  });

  it('control tokens have no text, in decoding and in streaming', () => {
    const ids = [tokenizer.bos, ...tokenizer.encode('a👋'), tokenizer.eos];
    assert.equal(tokenizer.decode(ids), 'a👋');
    assert.equal(tokenizer.bytes(tokenizer.bos).length, 0);
    const stream = tokenizer.stream();
    assert.equal(ids.map((id) => stream.push(id)).join('') + stream.end(), 'a👋');
  });

  it('treats ids behind the vocabulary, which some embeddings have rows for, as control tokens', () => {
    assert.ok(tokenizer.isControl(tokenizer.size));
    assert.equal(tokenizer.bytes(tokenizer.size).length, 0);
    assert.equal(tokenizer.decode([tokenizer.size + 63]), '');
  });

  it('takes the longest run of newlines, spaces and tabs as one piece', () => {
    assert.deepEqual(shown('a\n\n\nb'), ['a', '\n\n\n', 'b']);
    assert.deepEqual(shown('\n'.repeat(33)), ['\n'.repeat(31), '\n\n']);
    assert.deepEqual(shown('\t\t\t(')[0], '\t\t\t');
    assert.deepEqual(shown(`${' '.repeat(8)}return`)[0]?.length, 8);
  });

  it('knows HTML tags as pieces, by their exact spelling', () => {
    assert.deepEqual(shown('<b>0</b>'), ['<b>', '0', '</b>']);
    assert.ok(!shown('<B>').includes('<B>'));
  });

  it('falls back to the bytes of a character without a piece', () => {
    assert.deepEqual(shown('👋'), ['\\xF0', '\\x9F', '\\x91', '\\x8B']);
    assert.deepEqual(shown('\0'), ['\0']);
  });

  it('reads nothing into the spelling of byte pieces', () => {
    assert.equal(tokenizer.decode(tokenizer.encode('<0x41>')), '<0x41>');
  });

  it('keeps a leading space and a byte order mark', () => {
    assert.equal(tokenizer.decode(tokenizer.encode(' x')), ' x');
    assert.equal(tokenizer.decode(tokenizer.encode('\ufeffx')), '\ufeffx');
    const stream = tokenizer.stream();
    assert.equal(
      tokenizer
        .encode('\ufeffx')
        .map((id) => stream.push(id))
        .join(''),
      '\ufeffx',
    );
  });

  it('encodes and decodes nothing to nothing', () => {
    assert.deepEqual(tokenizer.encode(''), []);
    assert.equal(tokenizer.decode([]), '');
    assert.equal(tokenizer.stream().end(), '');
  });

  it('encodes a million characters without a newline, whatever was encoded before', () => {
    const line = 'const a = (b) => b.c; '.repeat(50_000);
    const ids = tokenizer.encode(line);
    assert.equal(tokenizer.decode(ids), line);
    assert.deepEqual(tokenizer.encode('a = b'), tokenizer.encode('a = b'));
    assert.deepEqual(tokenizer.encode(line), ids);
  }).timeout(30_000);

  it('gives the caller ids of its own, not those in the cache', () => {
    const first = tokenizer.encode('return 42;');
    const copy = [...first];
    first.fill(0);
    assert.deepEqual(tokenizer.encode('return 42;'), copy);
  });
});

describe('Streaming', () => {
  const { tokenizer } = trained();

  it('holds the bytes of an emoji back until it is whole', () => {
    const stream = tokenizer.stream();
    assert.deepEqual(
      tokenizer.encode('👋!').map((id) => stream.push(id)),
      ['', '', '', '👋', '!'],
    );
  });

  it('gives U+FFFD for bytes that cannot become a character, as soon as that is certain', () => {
    const bytes = tokenizer.encode('👋');
    const [letter] = tokenizer.encode('a');
    const stream = tokenizer.stream();
    assert.deepEqual(
      [bytes[0]!, bytes[1]!, letter!].map((id) => stream.push(id)),
      ['', '', '\ufffda'],
    );
    assert.equal(stream.push(bytes[0]!), '');
    assert.equal(stream.end(), '\ufffd');
  });
});

describe('A vocabulary in which newlines join other characters', () => {
  it('is encoded as a whole, so that its pieces are found across lines', () => {
    const json = gemmaTokenizer(['a', ';', '\u2581', ';\n', '\na']);
    const { tokenizer } = fixture('newline pieces', {
      ...json,
      added_tokens: json.added_tokens.filter((token) => !token.content.includes('\n')),
    });
    assert.deepEqual(shownPieces(tokenizer, tokenizer.encode('a;\na')), ['a', ';\n', 'a']);
  });
});

describe('The tokenizers of the models in this repository', () => {
  for (const file of committedTokenizers()) {
    it(`${file} gives back every text and makes no control token of it`, () => {
      const { tokenizer } = committedFixture(file);
      for (const text of sample(texts, 5000)) {
        const ids = tokenizer.encode(text);
        assert.ok(!ids.some((id) => tokenizer.isControl(id)), JSON.stringify(text));
        assert.equal(tokenizer.decode(ids), text);
      }
    });
  }
});
