import assert from 'node:assert/strict';
import type { ErrorCode } from '../../../src/protocol/errors.ts';
import { compileTokenizer } from '../../../src/inference/tokenizer/compile.ts';
import { fixture, shownPieces, trained } from './fixtures.ts';
import { gemmaTokenizer, toBytes, type GemmaTokenizerJson } from './syntheticTokenizer.ts';

const small = (): GemmaTokenizerJson => gemmaTokenizer(['\u2581', 'a', 'b', 'ab', 'abab']);

describe('Compiling a tokenizer.json', () => {
  it('gives the same bytes every time, whichever way the merges are written', () => {
    const { json, binary } = trained();
    const strings = {
      ...json,
      model: { ...json.model, merges: json.model.merges.map((pair) => pair.join(' ')) },
    };
    assert.deepEqual(compileTokenizer(toBytes(json)), binary);
    assert.deepEqual(compileTokenizer(toBytes(strings)), binary);
  });

  it('does not depend on the order of the entries', () => {
    const json = small();
    const reordered = {
      ...json,
      added_tokens: json.added_tokens.toReversed(),
      model: { ...json.model, vocab: Object.fromEntries(Object.entries(json.model.vocab).toReversed()) },
    };
    assert.deepEqual(compileTokenizer(toBytes(reordered)), compileTokenizer(toBytes(json)));
  });

  it('accepts a file without pre-tokenizer and post-processor, as the first Gemma has it', () => {
    const plain = { ...small(), pre_tokenizer: null, post_processor: null };
    assert.deepEqual(compileTokenizer(toBytes(plain)), compileTokenizer(toBytes(small())));
  });

  it('accepts pieces named like members of every object', () => {
    const json = gemmaTokenizer(['\u2581', '__', 'proto__', '__proto__', 'constructor', 'toString']);
    const { tokenizer } = fixture('members of every object', json);
    const { vocab } = JSON.parse(JSON.stringify(json.model));
    assert.equal(tokenizer.size, Object.keys(vocab).length + 1);
    assert.equal(tokenizer.decode([tokenizer.size - 4]), '__proto__');
    assert.equal(tokenizer.decode(tokenizer.encode('__proto__')), '__proto__');
  });

  it('leaves out merges that would make control or byte tokens from text', () => {
    const json = gemmaTokenizer([
      '\u2581',
      '<',
      'e',
      'o',
      's',
      '>',
      '<e',
      'os>',
      's>',
      '0',
      'x',
      '4',
      '1',
      '<0',
      'x4',
      '1>',
    ]);
    json.model.merges.push(['<e', 'os>'], ['<0', 'x4'], ['<', '0'], ['o', 's>']);
    json.model.merges = json.model.merges.filter(([left, right]) => `${left}${right}` in json.model.vocab);
    json.model.vocab['<0x4'] = json.model.vocab['<unused9>']!;
    delete json.model.vocab['<unused9>'];
    json.added_tokens = json.added_tokens.filter((token) => token.content !== '<unused9>');
    json.model.merges.push(['<0', 'x4'], ['<0x4', '1>'], ['x', '4'], ['1', '>']);
    json.model.merges = [...new Map(json.model.merges.map((pair) => [pair.join(' '), pair])).values()];
    const { tokenizer } = fixture('hostile merges', json);
    assert.deepEqual(shownPieces(tokenizer, tokenizer.encode('<eos>')), ['<e', 'os>']);
    assert.deepEqual(shownPieces(tokenizer, tokenizer.encode('<0x41>')), ['<0x4', '1>']);
  });

  it('never takes a one-character control token from text', () => {
    const json = small();
    json.added_tokens.push({
      ...json.added_tokens[0]!,
      content: 'a',
      id: json.model.vocab['a']!,
      special: true,
    });
    const { tokenizer } = fixture('a is control', json);
    assert.ok(tokenizer.isControl(json.model.vocab['a']!));
    assert.equal(tokenizer.decode(tokenizer.encode('abab')), 'abab');
    assert.ok(tokenizer.encode('abab').every((id) => !tokenizer.isControl(id)));
  });

  it('takes added tokens of unknown meaning for control tokens, whatever their flag says', () => {
    const json = structuredClone(trained().json);
    const fim = json.added_tokens.find((token) => token.content === '<unused60>')!;
    json.model.vocab = Object.fromEntries(
      Object.entries(json.model.vocab).map(([piece, id]) => [id === fim.id ? '<|fim_prefix|>' : piece, id]),
    );
    fim.content = '<|fim_prefix|>';
    assert.equal(fim.special, false);
    const { tokenizer } = fixture('fill in the middle', json);
    for (const name of ['<|fim_prefix|>', '[multimodal]', '<unused7>']) {
      const id = tokenizer.control(name);
      assert.ok(id !== undefined && tokenizer.isControl(id), name);
      assert.ok(!tokenizer.encode(name).includes(id), name);
      assert.equal(tokenizer.decode(tokenizer.encode(name)), name);
    }
  });

  it('looks for normalized literals after spaces became `▁`', () => {
    const json = small();
    json.added_tokens = json.added_tokens.map((token) => ({
      ...token,
      normalized: token.content === '\u2581\u2581',
    }));
    json.model.merges = json.model.merges.filter(([left]) => left !== '\u2581');
    const { tokenizer } = fixture('normalized', json);
    assert.deepEqual(shownPieces(tokenizer, tokenizer.encode('   a')), ['  ', ' ', 'a']);
  });
});

describe('Compiling a damaged tokenizer.json', () => {
  damaged('no JSON', () => new TextEncoder().encode('{"model":'));
  damaged('an empty file', () => new Uint8Array());
  damaged('bytes that are not UTF-8', () => Uint8Array.of(0x22, 0xff, 0x22));
  damaged('JSON of something else', () => new TextEncoder().encode('[1, 2]'));
  damaged('a file too large to parse', () => new Uint8Array(2 ** 26 + 1));
  damaged('nesting without end', () => new TextEncoder().encode('['.repeat(1_000_000)));
  damaged('an empty vocabulary', (json) => {
    Object.assign(json, { added_tokens: [] });
    json.model.vocab = {};
  });
  damaged('an id given twice', (json) => (json.model.vocab['a'] = json.model.vocab['b']!));
  damaged('a hole in the ids', (json) => (json.model.vocab['a'] = 5000));
  damaged('a giant id', (json) => (json.model.vocab['a'] = 2 ** 40));
  damaged('a negative id', (json) => (json.model.vocab['a'] = -1));
  damaged('a broken id', (json) => (json.model.vocab['a'] = 1.5));
  damaged('an id that is no number', (json) => Object.assign(json.model.vocab, { a: '7' }));
  damaged('an empty piece', (json) => (json.model.vocab[''] = 3000));
  damaged('a giant piece', (json) => (json.model.vocab['a'.repeat(100_000)] = 3000));
  damaged('a piece with half a character', (json) => (json.model.vocab['\ud83d'] = 3000));
  damaged('an added token with another id than in the vocabulary', (json) => (json.added_tokens[7]!.id = 8));
  damaged('an added token listed twice', (json) => json.added_tokens.push(json.added_tokens[0]!));
  damaged('more added tokens than any model has', (json) => {
    json.added_tokens = Array.from({ length: 70_000 }, () => json.added_tokens[0]!);
  });
  damaged('a merge of an unknown piece', (json) => json.model.merges.push(['a', 'nothing']));
  damaged('a merge that makes an unknown piece', (json) => json.model.merges.push(['b', 'b']));
  damaged('a merge given twice', (json) => json.model.merges.push(json.model.merges[0]!));
  damaged('a merge of three pieces', (json) => Object.assign(json.model, { merges: ['a b ab'] }));
  damaged('a merge of one piece', (json) => Object.assign(json.model, { merges: ['ab'] }));
  damaged('a merge that is no pair', (json) => Object.assign(json.model, { merges: [{ 0: 'a', 1: 'b' }] }));
});

describe('Compiling a tokenizer.json of another family', () => {
  unsupported('another normalizer', (json) => Object.assign(json, { normalizer: { type: 'NFKC' } }));
  unsupported('a regular expression in the pre-tokenizer', (json) =>
    Object.assign(json, {
      pre_tokenizer: { type: 'Split', pattern: { Regex: '(a+)+$' }, behavior: 'Isolated' },
    }),
  );
  unsupported('byte-level BPE', (json) => Object.assign(json, { decoder: { type: 'ByteLevel' } }));
  unsupported('a decoder with one more step', (json) =>
    json.decoder.decoders.push({ type: 'Strip', content: ' ', start: 1, stop: 0 }),
  );
  unsupported('another post-processor', (json) =>
    Object.assign(json, { post_processor: { type: 'BertProcessing' } }),
  );
  unsupported('a unigram model', (json) => Object.assign(json.model, { type: 'Unigram' }));
  unsupported('no byte fallback', (json) => Object.assign(json.model, { byte_fallback: false }));
  unsupported('pieces taken whole before merging', (json) =>
    Object.assign(json.model, { ignore_merges: true }),
  );
  unsupported('dropout', (json) => Object.assign(json.model, { dropout: 0.1 }));
  unsupported('a word suffix', (json) => Object.assign(json.model, { end_of_word_suffix: '</w>' }));
  unsupported('added tokens that eat spaces', (json) => (json.added_tokens[3]!.lstrip = true));
  unsupported('a missing byte piece', (json) => rename(json, '<0x7F>', 'zzz'));
  unsupported('a missing <bos>', (json) => rename(json, '<bos>', '<other>'));
  unsupported('a missing piece for the space', (json) => rename(json, '\u2581', 'zzz'));
});

/** Changes the file, or gives other bytes in its place. */
type Change = (json: GemmaTokenizerJson) => unknown;

function refuses(what: string, code: ErrorCode, change: Change): void {
  it(`refuses ${what}`, () => {
    const json = small();
    const result = change(json);
    const bytes = result instanceof Uint8Array ? result : toBytes(json);
    assert.throws(() => compileTokenizer(bytes), { name: 'GemmaError', code });
  });
}

function damaged(what: string, change: Change): void {
  refuses(what, 'model-damaged', change);
}

function unsupported(what: string, change: Change): void {
  refuses(what, 'model-unsupported', change);
}

function rename(json: GemmaTokenizerJson, from: string, to: string): void {
  const entries = Object.entries(json.model.vocab);
  json.model.vocab = Object.fromEntries(entries.map(([piece, id]) => [piece === from ? to : piece, id]));
  json.model.merges = [];
  json.added_tokens = json.added_tokens.filter((token) => token.content !== from);
}
