import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, it } from 'mocha';
import {
  type ForeignMessage,
  type ForeignPart,
  textOf,
  turnsOf,
} from '../../../src/extension/languageModel/turns.ts';

const message = (role: ForeignMessage['role'], ...texts: string[]): ForeignMessage => ({
  role,
  parts: texts.map((text) => ({ kind: 'text', text })),
});
const user = (...texts: string[]): ForeignMessage => message('user', ...texts);
const model = (...texts: string[]): ForeignMessage => message('model', ...texts);

const letters = (texts: readonly string[]): string =>
  texts.join('').replaceAll(/\s/g, '').split('').toSorted().join('');

describe('messages of other extensions', () => {
  it('are turns, the parts of each one text', () => {
    assert.deepEqual(turnsOf([user('a', 'b'), model('c'), user('d')]), {
      system: '',
      turns: [
        { role: 'user', text: 'ab' },
        { role: 'model', text: 'c' },
        { role: 'user', text: 'd' },
      ],
      prefill: '',
    });
  });

  it('that one side sends without a break are one turn', () => {
    const { turns } = turnsOf([user('a'), model('b'), model('c'), user('d'), user('e')]);
    assert.deepEqual(
      turns.map(({ text }) => text),
      ['a', 'b\n\nc', 'd\n\ne'],
    );
  });

  it('of a user before the first question are instructions, as those of a system are anywhere', () => {
    const { system, turns } = turnsOf([
      user('Be brief.'),
      message('system', 'Be kind.'),
      user('Rhyme.'),
      user('Why?'),
    ]);
    assert.equal(system, 'Be kind.\n\nBe brief.\n\nRhyme.');
    assert.deepEqual(turns, [{ role: 'user', text: 'Why?' }]);
  });

  it('begin the answer where the model speaks last', () => {
    const { turns, prefill } = turnsOf([user('Count.'), model('One, ')]);
    assert.deepEqual([turns.length, prefill], [1, 'One, ']);
  });

  it('may begin with the model', () => {
    const { turns } = turnsOf([model('Hello!'), user('Hi.')]);
    assert.deepEqual(
      turns.map(({ role, text }) => [role, text]),
      [
        ['user', ''],
        ['model', 'Hello!'],
        ['user', 'Hi.'],
      ],
    );
  });

  it('without a question are refused', () => {
    for (const messages of [[], [user(' ')], [model('a')], [message('system', 'a')]]) {
      assert.throws(() => turnsOf(messages), { code: 'bad-input', message: /no question/ });
    }
  });

  it('tell of tools in words, hold data that is text, and no pictures', () => {
    const bytes = new TextEncoder().encode('{"a":1}');
    const parts: ForeignPart[] = [
      { kind: 'toolCall', name: 'search', input: { query: 'x' } },
      { kind: 'toolResult', text: 'found' },
      { kind: 'data', mimeType: 'application/json', bytes },
    ];
    assert.equal(
      textOf({ role: 'user', parts }),
      '\n[Called the tool search with {"query":"x"}.]\n\n[The tool answered:]\nfound\n{"a":1}',
    );
    const picture: ForeignPart = { kind: 'data', mimeType: 'image/png', bytes };
    assert.throws(() => turnsOf([{ role: 'user', parts: [picture] }]), {
      code: 'bad-input',
      message: /image\/png/,
    });
  });

  it('whatever they are, become turns that alternate from a user to a user, and lose no text', () => {
    const anyMessage = fc.record({
      role: fc.constantFrom('system', 'user', 'model'),
      parts: fc.array(fc.record({ kind: fc.constant('text'), text: fc.stringMatching(/^[a-z ]{0,4}$/) }), {
        maxLength: 3,
      }),
    }) as fc.Arbitrary<ForeignMessage>;
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 8 }), (messages) => {
        const isAsked = messages.some((one) => one.role === 'user' && textOf(one).trim() !== '');
        const isAnswered = (): boolean => {
          const spoken = messages.filter((one) => one.role !== 'system' && textOf(one).trim() !== '');
          return spoken.some(({ role }, index) => role === 'model' && index < spoken.length - 1);
        };
        if (!isAsked) {
          if (!isAnswered()) assert.throws(() => turnsOf(messages), { code: 'bad-input' });
          return;
        }
        const { system, turns, prefill } = turnsOf(messages);
        assert.equal(turns.length % 2, 1);
        turns.forEach(({ role }, index) => assert.equal(role, index % 2 === 0 ? 'user' : 'model'));
        const kept = [system, prefill, ...turns.map(({ text }) => text)];
        assert.equal(letters(kept), letters(messages.map(textOf)));
      }),
    );
  });
});
