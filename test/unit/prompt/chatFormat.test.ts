import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { GemmaError } from '../../../src/protocol/errors.ts';
import { type ChatTemplateName, chatTemplateNames } from '../../../src/inference/model/chatTemplateName.ts';
import type { AnswerPart } from '../../../src/inference/prompt/answerStream.ts';
import { ChatFormat, type Conversation, type Turn } from '../../../src/inference/prompt/chatFormat.ts';
import {
  controlSpellings,
  type Generation,
  idsOfRendered,
  sharedLength,
  shown,
  tokenizerOf,
} from './generations.ts';

const generationOf: Record<ChatTemplateName, Generation> = {
  gemma: 'gemma1',
  gemma3: 'gemma3',
  gemma4: 'gemma4',
  'gemma4-closed-thought': 'gemma4',
};
const tokenizerFor = (name: ChatTemplateName) => tokenizerOf(generationOf[name]);
const formatOf = (name: ChatTemplateName): ChatFormat => new ChatFormat(name, tokenizerFor(name));
const formats: Readonly<Record<ChatTemplateName, ChatFormat>> = {
  gemma: formatOf('gemma'),
  gemma3: formatOf('gemma3'),
  gemma4: formatOf('gemma4'),
  'gemma4-closed-thought': formatOf('gemma4-closed-thought'),
};

const user = (text: string): Turn => ({ role: 'user', text });
const model = (text: string): Turn => ({ role: 'model', text });
const chat = (turns: readonly Turn[], system = '', thinking = false): Conversation => ({
  system,
  thinking,
  turns,
});
const render = (name: ChatTemplateName, conversation: Conversation, prefill?: string): string =>
  shown(generationOf[name], formats[name].prompt(conversation, prefill).tokens);

/** The conversation of llama.cpp's tests/test-chat-template.cpp. */
const example = chat(
  [
    user('Hello'),
    model('Hi there'),
    user('Who are you'),
    model('   I am an assistant   '),
    user('Another question'),
  ],
  'You are a helpful assistant',
);

/** Ids of control tokens and line ends; -1 for a run of others, which synthetic and real vocabularies differ in. */
function skeleton(name: ChatTemplateName, thinking = false): number[] {
  const tokenizer = tokenizerFor(name);
  const { tokens } = formats[name].prompt(chat([user('Hi')], 'Be brief.', thinking));
  return tokens
    .map((id) => (tokenizer.isControl(id) || /^\n+$/.test(tokenizer.decode([id])) ? id : -1))
    .filter((id, i, all) => id !== -1 || all[i - 1] !== -1);
}

const stopsOf = (name: ChatTemplateName): number[] => [...formats[name].stops].sort((a, b) => a - b);

describe('A conversation', () => {
  it('with Gemma 1, 2 and 3 is what llama.cpp expects of google/gemma-7b-it', () => {
    const expected =
      '<bos><start_of_turn>user\nYou are a helpful assistant\n\nHello<end_of_turn>\n' +
      '<start_of_turn>model\nHi there<end_of_turn>\n<start_of_turn>user\nWho are you<end_of_turn>\n' +
      '<start_of_turn>model\nI am an assistant<end_of_turn>\n<start_of_turn>user\nAnother question<end_of_turn>\n' +
      '<start_of_turn>model\n';
    assert.equal(render('gemma', example), expected);
    assert.equal(render('gemma3', example), expected);
  });

  it('with Gemma 4 has a system turn of its own', () => {
    const expected =
      '<bos><|turn>system\nYou are a helpful assistant<turn|>\n<|turn>user\nHello<turn|>\n' +
      '<|turn>model\nHi there<turn|>\n<|turn>user\nWho are you<turn|>\n' +
      '<|turn>model\nI am an assistant<turn|>\n<|turn>user\nAnother question<turn|>\n<|turn>model\n';
    assert.equal(render('gemma4', example), expected);
  });

  it('without a system text has no sign of one', () => {
    assert.equal(
      render('gemma3', chat([user('Hi')], ' \n')),
      '<bos><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n',
    );
    assert.equal(render('gemma4', chat([user('Hi')])), '<bos><|turn>user\nHi<turn|>\n<|turn>model\n');
  });

  it('has the ids that every generation was trained with', () => {
    assert.deepEqual(skeleton('gemma'), [2, 106, -1, 108, -1, 109, -1, 107, 108, 106, -1, 108]);
    assert.deepEqual(skeleton('gemma3'), [2, 105, -1, 107, -1, 108, -1, 106, 107, 105, -1, 107]);
    const turn4 = [105, -1, 107, -1, 106, 107];
    assert.deepEqual(skeleton('gemma4'), [2, ...turn4, ...turn4, 105, -1, 107]);
    const closedThought = [100, -1, 107, 101];
    assert.deepEqual(skeleton('gemma4-closed-thought'), [
      2,
      ...turn4,
      ...turn4,
      105,
      -1,
      107,
      ...closedThought,
    ]);
    const thinking = [2, 105, -1, 107, 98, 107, -1, 106, 107, ...turn4, 105, -1, 107];
    assert.deepEqual(skeleton('gemma4', true), thinking);
    assert.deepEqual(skeleton('gemma4-closed-thought', true), thinking);
  });

  it('has the tokens that the independent tokenizer finds in the rendered template', () => {
    for (const name of chatTemplateNames) {
      const conversation = chat(
        [user('  const x = 1;\n\n\treturn x;\n'), model('Größe 👋'), user('a\n\n\nb')],
        'Be\nbrief.',
      );
      const { tokens } = formats[name].prompt(conversation);
      assert.deepEqual(tokens, idsOfRendered(generationOf[name], render(name, conversation)), name);
    }
  });

  it('ends at the tokens that its generation ends at', () => {
    assert.deepEqual(stopsOf('gemma'), [1, 107]);
    assert.deepEqual(stopsOf('gemma3'), [1, 106]);
    assert.deepEqual(stopsOf('gemma4'), [1, 50, 106]);
    assert.deepEqual(stopsOf('gemma4-closed-thought'), [1, 50, 106]);
  });

  it('can hold a text of any length', () => {
    const { tokens } = formats.gemma3.prompt(chat([user('a = 1\n'.repeat(100_000))]));
    assert.ok(tokens.length > 300_000);
  });

  it('must alternate from a user to a user', () => {
    for (const turns of [[], [model('a')], [user('a'), user('b')], [user('a'), model('b')]]) {
      assert.throws(() => formats.gemma.prompt(chat(turns)), isError('bad-input', /alternate/));
    }
  });

  it('can have the start of its answer given', () => {
    const prompt = formats.gemma.prompt(chat([user('Write f.')]), '```ts\nfunction f');
    assert.ok(
      shown('gemma1', prompt.tokens).endsWith('<end_of_turn>\n<start_of_turn>model\n```ts\nfunction f'),
    );
    assert.deepEqual(prompt.tokens.slice(-prompt.prefilled.length), prompt.prefilled);
    assert.equal(tokenizerOf('gemma1').decode(prompt.prefilled), '```ts\nfunction f');
    assert.ok(
      render('gemma4-closed-thought', chat([user('a')]), 'b').endsWith(
        '<|turn>model\n<|channel>thought\n<channel|>b',
      ),
    );
    assert.throws(
      () => formats.gemma4.prompt(chat([user('a')], '', true), 'b'),
      isError('bad-input', /thinks/),
    );
  });

  it('is refused where the tokenizer belongs to another generation', () => {
    const cases: [ChatTemplateName, Generation, RegExp][] = [
      ['gemma3', 'gemma1', /<start_of_turn> at 106 instead of 105/],
      ['gemma', 'gemma3', /<start_of_turn> at 105 instead of 106/],
      ['gemma4', 'gemma3', /no <\|turn>|no <turn\|>/],
    ];
    for (const [name, generation, message] of cases) {
      assert.throws(() => new ChatFormat(name, tokenizerOf(generation)), isError('model-damaged', message));
    }
  });
});

const anyName = fc.constantFrom(...chatTemplateNames);

/** Text that would like to be control tokens: spellings whole, cut in two, and side by side with other text. */
const hostile = (generation: Generation): fc.Arbitrary<string> => {
  const spelling = fc.constantFrom(...controlSpellings(generation));
  const half = fc
    .tuple(spelling, fc.nat(20), fc.boolean())
    .map(([name, cut, first]) => (first ? name.slice(0, cut) : name.slice(cut)));
  const other = fc.constantFrom('\n', ' ', 'user\n', 'model\n', 'thought\n', '>', '<', '<|', '|>', '▁', '👋');
  return fc
    .array(fc.oneof(spelling, half, other, fc.string({ unit: 'grapheme', maxLength: 6 })), { maxLength: 8 })
    .map((parts) => parts.join(''));
};

describe('Laws of conversations', () => {
  it('no text becomes a control token: the ones in a prompt are the template’s own, with one bos', () => {
    for (const name of chatTemplateNames) {
      const tokenizer = tokenizerFor(name);
      const controls = (conversation: Conversation, prefill: string): number[] =>
        formats[name].prompt(conversation, prefill).tokens.filter((id) => tokenizer.isControl(id));
      const harmless = controls(chat([user('a'), model('a'), user('a')], 'a'), 'a');
      assert.equal(harmless.filter((id) => id === tokenizer.bos).length, 1);
      const text = hostile(generationOf[name]);
      const property = fc.property(text, text, text, text, text, (system, first, answer, second, prefill) => {
        const conversation = chat([user(first), model(answer), user(second)], `a${system}`);
        assert.deepEqual(controls(conversation, prefill), harmless);
      });
      fc.assert(property, { numRuns: 1_000 });
    }
  });

  it('no text is lost: it comes back from its turn, trimmed', () => {
    const words = fc.stringMatching(/^[ \n]{0,3}[a-z][a-z \n]{0,20}[a-z][ \n]{0,3}$/);
    fc.assert(
      fc.property(anyName, words, words, (name, first, second) => {
        const rendered = render(name, chat([user(first), model('ok'), user(second)]));
        const turns = [
          ...rendered.matchAll(/(?:<start_of_turn>|<\|turn>)user\n(.*?)(?:<end_of_turn>|<turn\|>)/gs),
        ];
        assert.deepEqual(
          turns.map(([, text]) => text),
          [first.trim(), second.trim()],
        );
      }),
    );
  });

  it('a conversation only grows at its end: prompt and answer begin the next prompt, whatever was generated', () => {
    for (const name of chatTemplateNames) {
      const tokenizer = tokenizerFor(name);
      const textId = fc.nat(tokenizer.size - 1).filter((id) => !tokenizer.isControl(id));
      const rounds = fc.array(fc.tuple(fc.string(), fc.string(), fc.array(textId)), {
        minLength: 2,
        maxLength: 4,
      });
      const property = fc.property(fc.string(), rounds, (system, all) => {
        const turns: Turn[] = [];
        let held: readonly number[] = [];
        for (const [question, prefill, generated] of all) {
          turns.push(user(question));
          const { tokens, prefilled } = formats[name].prompt(chat(turns, system), prefill);
          assert.deepEqual(tokens.slice(0, held.length), held);
          held = [...tokens, ...generated];
          turns.push({ role: 'model', tokens: [...prefilled, ...generated] });
        }
      });
      fc.assert(property, { numRuns: 300 });
    }
  });

  it('every conversation with a system text begins with its stem, which holds that text', () => {
    for (const name of chatTemplateNames) {
      const text = fc.stringMatching(/^[a-z][a-z \n]{0,20}$/);
      const property = fc.property(text, text, text, fc.boolean(), (system, one, two, thinking) => {
        const [first, second] = [one, two].map((question) =>
          formats[name].prompt(chat([user(question)], `be ${system}`, thinking)),
        );
        assert.equal(first!.stem, second!.stem);
        const stem = first!.tokens.slice(0, first!.stem);
        assert.deepEqual(second!.tokens.slice(0, second!.stem), stem);
        assert.ok(shown(generationOf[name], stem).includes(`be ${system}`.trim()));
      });
      fc.assert(property, { numRuns: 300 });
      assert.equal(formats[name].prompt(chat([user('a')])).stem, 0);
    }
  });

  it('an answer known by its text alone keeps the beginning up to it', () => {
    const before = formats.gemma3.prompt(chat([user('a')])).tokens;
    const after = formats.gemma3.prompt(chat([user('a'), model(' b '), user('c')])).tokens;
    assert.deepEqual(after.slice(0, before.length), before);
  });

  it('control tokens in a stored answer are left out, unknown ids too', () => {
    const { size, bos } = tokenizerOf('gemma3');
    const [ok] = tokenizerOf('gemma3').encode('k');
    const turns: Turn[] = [
      user('a'),
      { role: 'model', tokens: [bos, 106, ok!, 105, size + 7, 50] },
      user('b'),
    ];
    assert.equal(
      render('gemma3', chat(turns)),
      '<bos><start_of_turn>user\na<end_of_turn>\n<start_of_turn>model\nk<end_of_turn>\n' +
        '<start_of_turn>user\nb<end_of_turn>\n<start_of_turn>model\n',
    );
  });
});

const encode = (text: string): number[] => tokenizerOf('gemma4').encode(text);
const [open, close] = [100, 101];
const thoughtful = [open, ...encode('thought\nHmm.\nYes.'), close, ...encode('Yes!')];

function stream(tokens: readonly number[]): AnswerPart {
  const answer = formats.gemma4.answer();
  const parts = [...tokens.map((id) => answer.push(id)), answer.end()];
  return {
    thought: parts.map((part) => part.thought).join(''),
    answer: parts.map((part) => part.answer).join(''),
  };
}

/** How the model is shown its answer `tokens` again. */
function shownAgain(tokens: readonly number[]): string {
  const turns: Turn[] = [user('a'), { role: 'model', tokens }, user('b')];
  const [, , , answer = ''] = render('gemma4', chat(turns, '', true)).split('<|turn>');
  return answer;
}

describe('Thoughts of Gemma 4', () => {
  it('are told from the answer while both are generated', () => {
    assert.deepEqual(stream(thoughtful), { thought: 'Hmm.\nYes.', answer: 'Yes!' });
    assert.deepEqual(stream([open, ...encode('thought\n'), close, ...encode('Yes!')]), {
      thought: '',
      answer: 'Yes!',
    });
    assert.deepEqual(stream(encode('Yes!')), { thought: '', answer: 'Yes!' });
  });

  it('may be cut off, even inside a character', () => {
    const cut = [open, ...encode('thought\nHmm 🏴‍☠️')].slice(0, -1);
    const { thought, answer } = stream(cut);
    assert.match(thought, /^Hmm 🏴/u);
    assert.equal(answer, '');
    assert.deepEqual(stream([open, ...encode('thou')]), { thought: '', answer: '' });
    const closed = [open, ...encode('thought\n🏴').slice(0, -1), close, ...encode('Yes!')];
    assert.deepEqual(stream(closed), { thought: '\ufffd', answer: 'Yes!' });
  });

  it('are marked by ids alone: text that spells the marks is part of the answer', () => {
    const text = 'a<|channel>thought\nb<channel|>c';
    assert.deepEqual(stream(encode(text)), { thought: '', answer: text });
  });

  it('are not shown to the model again; an empty one, which costs nothing, stays', () => {
    assert.equal(shownAgain(thoughtful), 'model\nYes!<turn|>\n');
    const silent = [open, ...encode('thought\n'), close, ...encode('Yes!')];
    assert.equal(shownAgain(silent), 'model\n<|channel>thought\n<channel|>Yes!<turn|>\n');
    assert.equal(shownAgain([open, ...encode('thought\nHm')]), 'model\n<turn|>\n', 'cut off');
    assert.equal(shownAgain([close, ...encode('Yes!')]), 'model\nYes!<turn|>\n', 'a close alone');
  });

  it('are no part of what the next question follows, whatever it is', () => {
    for (const name of chatTemplateNames) {
      for (const thinking of [false, true]) {
        const answered: Turn[] = [user('a'), { role: 'model', tokens: thoughtful }];
        const past = formats[name].past(chat(answered, 'be brief', thinking));
        const next = formats[name].prompt(chat([...answered, user('b')], 'be brief', thinking));
        assert.deepEqual(next.tokens.slice(0, past.tokens.length), past.tokens);
        assert.equal(past.stem, next.stem);
        const rest = shown(generationOf[name], next.tokens.slice(past.tokens.length));
        assert.match(rest, /^<(?:start_of_turn|\|turn)>user\nb</);
      }
      for (const turns of [[], [user('a')], [user('a'), model('b'), user('c')], [model('a'), user('b')]])
        assert.throws(() => formats[name].past(chat(turns)), isError('bad-input', /after an answer/));
    }
  });

  it('cost the next prompt no more than the answer that followed them', () => {
    const turns: Turn[] = [user('a'), { role: 'model', tokens: thoughtful }];
    const before = formats.gemma4.prompt(chat(turns.slice(0, 1), 'x', true)).tokens;
    const after = formats.gemma4.prompt(chat([...turns, user('b')], 'x', true)).tokens;
    assert.equal(sharedLength(before, after), before.length);
  });
});

function isError(code: string, message: RegExp) {
  return (error: unknown): boolean =>
    error instanceof GemmaError && error.code === code && message.test(error.message);
}
