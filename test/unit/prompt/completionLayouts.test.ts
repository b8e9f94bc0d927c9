import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { GemmaError } from '../../../src/protocol/errors.ts';
import {
  type CompletionTraining,
  completionLayouts,
  type ModelManifest,
} from '../../../src/inference/model/modelManifest.ts';
import { codeGemmaPrompt, type ContextFile } from '../../../src/inference/prompt/codeGemma.ts';
import { layOutCompletion } from '../../../src/inference/prompt/completionLayouts.ts';
import { fixture } from '../tokenizer/fixtures.ts';
import { gemmaTokenizer, trainedPieces } from '../tokenizer/syntheticTokenizer.ts';
import { controlSpellings, type Generation, sharedLength, shown, tokenizerOf } from './generations.ts';

type Layout = CompletionTraining['layout'];
const CONTEXT = 1_024;
const training = (layout: Layout): CompletionTraining => ({
  layout,
  languages: null,
  maxSuffixTokens: 128,
  contextTokens: CONTEXT,
  maxLineChars: null,
});

interface Case {
  readonly generation: Generation;
  readonly manifest: Pick<ModelManifest, 'completion' | 'chat'>;
}
const cases = {
  psm: { generation: 'codegemma', manifest: { completion: training('codegemma-psm'), chat: null } },
  spm: { generation: 'codegemma', manifest: { completion: training('codegemma-spm'), chat: null } },
  gemma2: { generation: 'gemma1', manifest: { completion: training('instruction'), chat: 'gemma' } },
  gemma3: { generation: 'gemma3', manifest: { completion: training('instruction'), chat: 'gemma3' } },
  gemma4: {
    generation: 'gemma4',
    manifest: { completion: training('instruction'), chat: 'gemma4-closed-thought' },
  },
  base: { generation: 'gemma3', manifest: { completion: null, chat: null } },
} satisfies Record<string, Case>;
type CaseName = keyof typeof cases;
const caseNames = Object.keys(cases).filter((name): name is CaseName => Object.hasOwn(cases, name));

const prompt = (name: CaseName, prefix: string, suffix = '') => {
  const { generation, manifest } = cases[name];
  const cursor = { fileName: 'a.ts', languageId: 'typescript', prefix, suffix };
  return layOutCompletion(tokenizerOf(generation), manifest, CONTEXT, cursor);
};
const rendered = (name: CaseName, prefix: string, suffix?: string): string => {
  const { tokens, constraint } = prompt(name, prefix, suffix);
  return `${shown(cases[name].generation, tokens)}|${constraint}`;
};

const code = Array.from({ length: 200 }, (_, i) => `const value${i} = compute(${i}, "text ${i}");\n`).join(
  '',
);

function withFiles(files: readonly ContextFile[]): readonly number[] {
  const request = { fileName: 'src/b.ts', prefix: 'b(', suffix: ')\n' };
  const limits = training('codegemma-psm');
  return codeGemmaPrompt('prefix-suffix-middle', tokenizerOf('codegemma'), limits, request, files).tokens;
}

describe('Completion by CodeGemma', () => {
  it('is laid out as its model card shows, the unfinished word left to the middle', () => {
    assert.equal(
      rendered('psm', 'import ', "\nif __name__ == '__main__':\n    sys.exit(0)"),
      "<bos><|fim_prefix|>import<|fim_suffix|>\nif __name__ == '__main__':\n    sys.exit(0)<|fim_middle|>| ",
    );
  });

  it('can show the suffix first', () => {
    assert.equal(
      rendered('spm', 'a;\nreturn x', ';\n}\n'),
      '<bos><|fim_suffix|>;\n}\n<|fim_prefix|>a;\nreturn<|fim_middle|>| x',
    );
  });

  it('has the ids that CodeGemma was trained with', () => {
    const tokenizer = tokenizerOf('codegemma');
    const [a, b] = ['a;\n', '\nb;'].map((text) => tokenizer.encode(text));
    assert.deepEqual(prompt('psm', 'a;\n', '\nb;').tokens, [2, 67, ...a!, 69, ...b!, 68]);
    assert.deepEqual(prompt('spm', 'a;\n', '\nb;').tokens, [2, 69, ...b!, 67, ...a!, 68]);
  });

  it('keeps its marks when there is nothing on either side', () => {
    assert.deepEqual(prompt('psm', '').tokens, [2, 67, 69, 68]);
    assert.deepEqual(prompt('spm', '').tokens, [2, 69, 67, 68]);
  });

  it('puts other files in front, each under its name, as in figure 2 of the report', () => {
    const files = [
      { name: 'src/a.ts', text: 'a();\n' },
      { name: 'c.ts', text: 'c();\n' },
    ];
    assert.equal(
      shown('codegemma', withFiles(files)),
      '<bos>src/a.ts\na();\n<|file_separator|>c.ts\nc();\n<|file_separator|>' +
        'src/b.ts\n<|fim_prefix|>b(<|fim_suffix|>)\n<|fim_middle|>',
    );
    const appended = withFiles([...files, { name: 'd.ts', text: 'd();\n' }]);
    const filesEnd = withFiles(files).lastIndexOf(70) + 1;
    assert.ok(sharedLength(withFiles(files), appended) >= filesEnd, 'a file more leaves the others in place');
  });

  it('gives other files a quarter of the context, whole lines of the first ones', () => {
    const tokens = withFiles([
      { name: 'a.ts', text: code },
      { name: 'b.ts', text: code },
    ]);
    const separators = tokens.filter((id) => id === 70).length;
    assert.equal(separators, 1, 'no line of the second file fits');
    const size = tokens.indexOf(70);
    assert.ok(size <= CONTEXT / 4 && size > CONTEXT / 4 - 40, `${size} tokens`);
    assert.match(shown('codegemma', tokens), /text \d+"\);<\|file_separator\|>/);
  });

  it('cuts another file at a line end even where a line is endless', () => {
    const tokens = withFiles([{ name: 'a.ts', text: `a();\n${' '.repeat(50_000)}b();` }]);
    assert.match(shown('codegemma', tokens), /^<bos>a\.ts\na\(\);<\|file_separator\|>src/);
  });

  it('is refused with the tokenizer of a model that was not trained for it', () => {
    const { manifest } = cases.psm;
    const cursor = { fileName: 'a', languageId: 'b', prefix: '', suffix: '' };
    assert.throws(
      () => layOutCompletion(tokenizerOf('gemma1'), manifest, CONTEXT, cursor),
      (error) =>
        error instanceof GemmaError &&
        error.code === 'model-damaged' &&
        /no <\|file_separator\|>/.test(error.message),
    );
  });
});

describe('Completion by instruction', () => {
  it('asks for the file, and lets the model go on with it', () => {
    assert.equal(
      rendered('gemma3', 'a;\nreturn ', ';\n}\nb;\n'),
      '<bos><start_of_turn>user\nWrite the file a.ts. Answer with one code block and nothing else. ' +
        'The file ends with these lines:\n```typescript\n}\nb;\n```<end_of_turn>\n' +
        '<start_of_turn>model\n```typescript\na;\nreturn| ',
    );
  });

  it('says nothing about the end of the file where there is nothing below', () => {
    assert.equal(
      rendered('gemma2', 'x', '\n  \n'),
      '<bos><start_of_turn>user\nWrite the file a.ts. Answer with one code block and nothing else.<end_of_turn>\n' +
        '<start_of_turn>model\n```typescript\n|x',
    );
  });

  it('keeps a model that would think from it', () => {
    assert.match(
      rendered('gemma4', 'x'),
      /^<bos><\|turn>user\n.*<turn\|>\n<\|turn>model\n<\|channel>thought\n<channel\|>```typescript\n\|x$/s,
    );
  });

  it('needs a chat template', () => {
    const manifest = { completion: training('instruction'), chat: null };
    const cursor = { fileName: 'a', languageId: 'b', prefix: '', suffix: '' };
    assert.throws(
      () => layOutCompletion(tokenizerOf('gemma3'), manifest, CONTEXT, cursor),
      (error) => error instanceof GemmaError && error.code === 'model-damaged',
    );
  });
});

describe('Laws of all layouts', () => {
  it('every layout that a manifest can name is tested here, or is the embedded model’s own', () => {
    const tested = new Set<string>(
      caseNames.map((name) => cases[name].manifest.completion?.layout ?? 'none'),
    );
    assert.deepEqual(
      completionLayouts.filter((layout) => !tested.has(layout)),
      ['suffix-first'],
    );
  });

  it('one bos, in front; and no text becomes a control token', () => {
    for (const name of caseNames) {
      const { generation } = cases[name];
      const tokenizer = tokenizerOf(generation);
      const controls = (prefix: string, suffix: string): number[] =>
        prompt(name, prefix, suffix).tokens.filter((id) => tokenizer.isControl(id));
      const harmless = controls('a', '\na');
      assert.equal(prompt(name, 'a').tokens[0], tokenizer.bos);
      assert.equal(harmless.filter((id) => id === tokenizer.bos).length, 1);
      const spelling = fc.constantFrom(...controlSpellings(generation));
      const text = fc
        .array(fc.oneof(spelling, fc.constantFrom('\n', ' ', 'a', '<|', '>'), fc.string()), { maxLength: 6 })
        .map((parts) => parts.join(''));
      fc.assert(
        fc.property(text, text, (prefix, suffix) => assert.deepEqual(controls(prefix, suffix), harmless)),
        { numRuns: 300 },
      );
    }
  });

  it('fits the context with room for the completion, whatever the text', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 4_000 });
    for (const name of caseNames) {
      const fits = fc.property(text, text, (prefix, suffix) => {
        assert.ok(prompt(name, code + prefix, suffix).tokens.length <= CONTEXT - 64);
      });
      fc.assert(fits, { numRuns: 20 });
      assert.ok(prompt(name, code, code).tokens.length > CONTEXT / 2, `${name} uses the context`);
      // Short lines fill the window to the last token; the cursor's line and the suffix fill what is kept for them.
      for (let lines = 0; lines < 500; lines++) {
        const { tokens } = prompt(name, `${'x\n'.repeat(lines)}${'y '.repeat(300)}`, ' z'.repeat(300));
        assert.ok(tokens.length <= CONTEXT - 64, `${name} with ${lines} lines: ${tokens.length}`);
      }
    }
  });

  it('shows the text before the cursor to its end', () => {
    for (const name of caseNames) {
      const { tokens, constraint } = prompt(name, `${code}  return valu`, ');\n}\n');
      const text = tokenizerOf(cases[name].generation).decode(tokens) + constraint;
      const expected = name === 'psm' ? '  return);\n}\n valu' : '  return valu';
      assert.ok(text.endsWith(`text 199");\n${expected}`), name);
    }
  });

  it('typing costs a few tokens a key, where no text stands behind the cursor’s', () => {
    const line = 'const sum = values.reduce((total, value) => total + value, 0);';
    for (const name of caseNames.filter((other) => other !== 'psm')) {
      // Healing holds back up to three tokens of a word, which come with the first token behind it.
      const limit = name === 'spm' ? 5 : 4;
      let before = prompt(name, code, `\n${code}`).tokens;
      let sum = 0;
      for (let end = 1; end <= line.length; end++) {
        const { tokens } = prompt(name, code + line.slice(0, end), `\n${code}`);
        const fresh = tokens.length - sharedLength(tokens, before);
        assert.ok(fresh <= limit, `${name}: ${fresh} tokens at "${line.slice(0, end)}"`);
        sum += fresh;
        before = tokens;
      }
      assert.ok(sum / line.length <= 2, `${name}: ${sum / line.length} tokens a key`);
    }
  });

  it('in prefix-suffix-middle order typing costs the suffix, and nothing in front of the cursor’s line', () => {
    const before = prompt('psm', `${code}const su`, `\n${code}`).tokens;
    const { tokens } = prompt('psm', `${code}const sum = `, `\n${code}`);
    const fresh = tokens.length - sharedLength(tokens, before);
    assert.ok(fresh > 128 && fresh <= 128 + 8, `${fresh} tokens`);
  });

  it('the window’s start stays while lines are typed and the suffix shrinks', () => {
    for (const name of caseNames) {
      let text = code;
      let last = prompt(name, text, ';\n}\n'.repeat(60)).tokens;
      let moves = 0;
      for (let line = 0; line < 40; line++) {
        text += `  more(${line});\n`;
        const suffix =
          cases[name].generation === 'codegemma' ? ';\n}\n'.repeat(60 - line) : ';\n}\n'.repeat(60);
        const { tokens } = prompt(name, text, suffix);
        const start = (ids: readonly number[]): number[] => {
          const from = name === 'psm' || name === 'spm' ? ids.indexOf(67) + 1 : 0;
          return ids.slice(from, from + 100);
        };
        if (sharedLength(start(tokens), start(last)) < 100) moves++;
        last = tokens;
      }
      assert.ok(moves <= 1, `${name}: the window moved ${moves} times in 40 lines`);
    }
  });
});

it('A tokenizer with the right tokens at other ids is refused: no Gemma was trained with them', () => {
  const shifted = ['<pad>', '<eos>', '<bos>', '<unk>', '<start_of_turn>', '<end_of_turn>'];
  const { tokenizer } = fixture('shifted', gemmaTokenizer(trainedPieces(200), shifted));
  const cursor = { fileName: 'a', languageId: 'b', prefix: '', suffix: '' };
  assert.throws(
    () => layOutCompletion(tokenizer, cases.gemma3.manifest, CONTEXT, cursor),
    /<start_of_turn> at 4 instead of 105/,
  );
});
