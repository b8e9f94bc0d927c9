import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import type { CompletionTraining } from '../../../src/inference/model/modelManifest.ts';
import { continuationPrompt } from '../../../src/inference/prompt/continuation.ts';
import { healTail } from '../../../src/inference/prompt/promptTail.ts';
import { suffixFirstPrompt } from '../../../src/inference/prompt/suffixFirst.ts';
import { compileTokenizer } from '../../../src/inference/tokenizer/compile.ts';
import { loadTokenizer } from '../../../src/inference/tokenizer/loadTokenizer.ts';

const json = readFileSync(new URL('../../../models/pebble/tokenizer.json', import.meta.url));
const tokenizer = loadTokenizer(compileTokenizer(json));
const training: CompletionTraining = {
  layout: 'suffix-first',
  languages: ['typescript'],
  maxSuffixTokens: 128,
  maxLineChars: 60,
  contextTokens: 1024,
};
const prompt = (prefix: string, suffix = '', contextTokens = 1024) =>
  suffixFirstPrompt(
    tokenizer,
    { ...training, contextTokens },
    { fileName: 'a.ts', languageId: 'typescript', prefix, suffix },
  );
/** The prompt as text, control tokens by name. */
const shown = (tokens: readonly number[]): string => {
  const names = ['<bos>', '<|lang:typescript|>', '<|fim_prefix|>', '<|fim_suffix|>'];
  const byId = new Map(names.map((name) => [tokenizer.control(name), name]));
  return tokens.map((id) => byId.get(id) ?? tokenizer.decode([id])).join('');
};
const code = Array.from({ length: 400 }, (_, i) => `const value${i} = compute(${i}, "text ${i}");\n`).join(
  '',
);

describe('suffix-first prompt', () => {
  it('shows what is below the line first, then name and prefix in one run', () => {
    const { tokens, constraint } = prompt('let total = 0;\nreturn ', ';\n}\n');
    assert.equal(
      shown(tokens) + constraint,
      '<bos><|lang:typescript|><|fim_suffix|>\n}\n<|fim_prefix|>a.ts\nlet total = 0;\nreturn ',
    );
  });

  it('leaves a blank suffix out', () => {
    assert.equal(shown(prompt('a;\n', '\n  \n').tokens), '<bos><|lang:typescript|><|fim_prefix|>a.ts\na;\n');
  });

  it('takes a React file for its base language', () => {
    const react = { fileName: 'a.jsx', languageId: 'javascriptreact', prefix: '', suffix: '' };
    assert.equal(
      suffixFirstPrompt(tokenizer, training, react).tokens[1],
      tokenizer.control('<|lang:javascript|>'),
    );
  });

  it('fits the context whatever the text, with room for the completion', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 4000 });
    fc.assert(
      fc.property(text, text, (prefix, suffix) => {
        assert.ok(prompt(prefix + code, suffix).tokens.length <= 1024 - 64);
      }),
      { numRuns: 50 },
    );
  });

  it('never makes a control token from text', () => {
    const { tokens } = prompt('<|fim_prefix|><bos>x = ', '\n<|fim_suffix|>\n');
    assert.deepEqual(
      tokens.filter((id) => tokenizer.isControl(id)).map((id) => shown([id])),
      ['<bos>', '<|lang:typescript|>', '<|fim_suffix|>', '<|fim_prefix|>'],
    );
  });

  it('keeps its front while lines are typed: the window moves rarely and by much', () => {
    let last = prompt(code).tokens;
    let moves = 0;
    let text = code;
    for (let line = 0; line < 60; line++) {
      text += `  more(${line});\n`;
      const { tokens } = prompt(text);
      const shared = tokens.findIndex((id, i) => id !== last[i]);
      if (shared !== -1 && shared < last.length - 4) moves++;
      last = tokens;
    }
    assert.ok(moves <= 2, `the window moved ${moves} times in 60 lines`);
  });

  it('appends only while a line is typed: a key costs a few tokens', () => {
    const line = 'const sum = values.reduce((total, value) => total + value, 0);';
    let before = prompt(code).tokens;
    for (let end = 1; end <= line.length; end++) {
      const { tokens } = prompt(code + line.slice(0, end));
      let shared = 0;
      while (shared < before.length && tokens[shared] === before[shared]) shared++;
      assert.ok(tokens.length - shared <= 4, `${tokens.length - shared} tokens at ${line.slice(0, end)}`);
      before = tokens;
    }
  });
});

const heal = (line: string) => {
  const { tokens, constraint } = healTail(tokenizer, tokenizer.encode(line), line);
  return [tokenizer.decode(tokens), constraint];
};

describe('token healing', () => {
  it('gives an unfinished word back to the model, with the space before it', () => {
    assert.deepEqual(heal('const header'), ['const', ' header']);
    assert.deepEqual(heal('foo.le'), ['foo.', 'le']);
  });

  it('gives back the single space before the next word, and leaves an indent alone', () => {
    assert.deepEqual(heal('return '), ['return', ' ']);
    assert.deepEqual(heal('        '), ['        ', '']);
  });

  it('only ever moves text from the end of the prompt into the constraint', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        const line = text.replaceAll(/[\n\r▁]/g, ' ');
        const [kept = '', constraint = ''] = heal(line);
        assert.equal(kept + constraint, line);
      }),
    );
  });
});

describe('continuation prompt', () => {
  it('is the text before the cursor and nothing else', () => {
    const { tokens, constraint } = continuationPrompt(tokenizer, 1024, 'a;\nreturn ');
    assert.equal(shown(tokens) + constraint, '<bos>a;\nreturn ');
  });
});
