import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { MAX_QUESTION_CHARS } from '../../../src/protocol/chat.ts';
import type { ModelView } from '../../../src/protocol/chat.ts';
import { spoken, wholeSentences } from '../../../src/webview/chat/announcements.ts';
import { whyNot } from '../../../src/webview/chat/composer/availability.ts';
import { beginAttachment, replaceTrigger, triggerAt } from '../../../src/webview/chat/composer/trigger.ts';
import { droppedUris } from '../../../src/webview/chat/droppedUris.ts';
import { chatWords } from '../../support/chatWords.ts';

function model(state: ModelView['state'], sentence = ''): ModelView {
  return { state, name: 'Gemma', sentence, progress: null };
}

/** As much of `text` as is said at once. */
function said(text: string): string {
  return text.slice(0, wholeSentences(text));
}

describe('what a person is choosing while typing', () => {
  it('is a command only after a slash at the very start', () => {
    assert.deepEqual(triggerAt('/ex', 3), { kind: 'command', query: 'ex', start: 0 });
    assert.deepEqual(triggerAt('/', 1), { kind: 'command', query: '', start: 0 });
    for (const text of ['a /ex', '/explain this', '//', '/usr/bin', ' /ex'])
      assert.equal(triggerAt(text, text.length), null, text);
  });

  it('is an attachment after a # that begins a word', () => {
    assert.deepEqual(triggerAt('see #ord', 8), { kind: 'attachment', query: 'ord', start: 4 });
    assert.deepEqual(triggerAt('#', 1), { kind: 'attachment', query: '', start: 0 });
    assert.deepEqual(triggerAt('a\n#b', 4), { kind: 'attachment', query: 'b', start: 2 });
    for (const text of ['C#', 'issue#12', '# heading', '##'])
      assert.equal(triggerAt(text, text.length), null, text);
  });

  it('is what stands before the caret, whatever follows', () => {
    assert.deepEqual(triggerAt('see #ord and #pay', 8), { kind: 'attachment', query: 'ord', start: 4 });
    assert.equal(triggerAt('see #ord', 2), null);
  });

  it('is an attachment wherever one is begun by the button', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        const { text, caret } = beginAttachment(before + after, before.length);
        assert.deepEqual(triggerAt(text, caret), { kind: 'attachment', query: '', start: caret - 1 });
        assert.ok(text.startsWith(before) && text.endsWith(after));
      }),
    );
  });

  it('is replaced, and nothing around it', () => {
    fc.assert(
      fc.property(fc.string(), fc.stringMatching(/^[a-z]{0,9}$/), fc.string(), (before, query, after) => {
        const start = `${before} `;
        const text = `${start}#${query}${after}`;
        const trigger = triggerAt(text, start.length + 1 + query.length);
        assert.ok(trigger !== null);
        assert.deepEqual(replaceTrigger(text, trigger, 'X'), {
          text: `${start}X${after}`,
          caret: start.length + 1,
        });
      }),
    );
  });
});

describe('why nothing can be sent', () => {
  it('is the nearest reason, in words', () => {
    assert.equal(whyNot(model('ready'), false, 'x', chatWords), null);
    assert.equal(whyNot(model('none'), true, 'x', chatWords), chatWords.disabledReadOnly);
    assert.equal(whyNot(model('none'), false, 'x', chatWords), chatWords.disabledNoModel);
    assert.equal(whyNot(model('busy', 'Loading…'), false, 'x', chatWords), null);
    assert.equal(whyNot(model('error'), false, 'x', chatWords), chatWords.disabledError);
    const long = 'x'.repeat(MAX_QUESTION_CHARS + 1);
    assert.equal(whyNot(model('ready'), false, long, chatWords), chatWords.tooLong);
  });
});

describe('what is said while an answer is written', () => {
  it('is whole sentences and lines', () => {
    assert.equal(said('One. Two! Thr'), 'One. Two! ');
    assert.equal(said('Version 1.5 of'), '');
    assert.equal(said('- a line\n- anoth'), '- a line\n');
    assert.equal(said('It ends.'), '', 'perhaps it goes on: "It ends.5"');
  });

  it('has no marks', () => {
    assert.equal(spoken('## Title\n\n- **one** `two`\n\n```ts\nlet x\n```\n'), 'Title one two let x');
  });
});

describe('what was dropped', () => {
  it('is the URIs of VS Code before those of anybody else, each once, without comments', () => {
    const data: Record<string, string> = {
      'application/vnd.code.uri-list': '# list\r\nfile:///a.ts\r\nfile:///a.ts\r\nfile:///b.ts\r\n',
      'text/uri-list': 'https://elsewhere.example/',
    };
    assert.deepEqual(
      droppedUris((type) => data[type] ?? ''),
      ['file:///a.ts', 'file:///b.ts'],
    );
  });

  it('is no more, and no longer, than the extension takes', () => {
    const uris = Array.from({ length: 50 }, (_, index) => `file:///${index}`);
    assert.equal(droppedUris(() => uris.join('\n')).length, 20);
    assert.deepEqual(
      droppedUris(() => `file:///${'x'.repeat(5_000)}`),
      [],
    );
  });
});
