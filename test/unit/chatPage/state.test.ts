import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { AnswerView, QuestionView } from '../../../src/protocol/chat.ts';
import { initialState, lastQuestion, told } from '../../../src/webview/chat/state.ts';
import type { ChatState } from '../../../src/webview/chat/state.ts';

const question: QuestionView = { role: 'user', id: 'q1', time: 1, text: 'Why?', attachments: [] };
const answer: AnswerView = {
  role: 'model',
  id: 'a1',
  time: 2,
  text: '',
  thought: '',
  end: 'writing',
  error: null,
  model: 'Gemma',
  progress: null,
  statistics: null,
};

function conversationOf(...messages: (QuestionView | AnswerView)[]): ChatState {
  return told(initialState, {
    type: 'conversation',
    conversation: { id: 'c1', title: 'T', readOnly: false, messages },
  });
}

describe('what the chat page knows', () => {
  it('grows an answer by every piece, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.string())), (pieces) => {
        let state = conversationOf(question, answer);
        for (const [thought, text] of pieces)
          state = told(state, { type: 'text', id: 'a1', thought, answer: text });
        const grown = state.conversation.messages[1];
        assert.ok(grown?.role === 'model');
        assert.equal(grown.thought, pieces.map(([thought]) => thought).join(''));
        assert.equal(grown.text, pieces.map(([, text]) => text).join(''));
      }),
    );
  });

  it('leaves every other message the same object, so that it is not drawn again', () => {
    const before = conversationOf(question, answer);
    const after = told(before, { type: 'text', id: 'a1', thought: '', answer: 'x' });
    assert.equal(after.conversation.messages[0], before.conversation.messages[0]);
    assert.notEqual(after.conversation.messages[1], before.conversation.messages[1]);
  });

  it('drops text for an answer that is finished, that is not there, or that is a question', () => {
    const before = conversationOf(question, { ...answer, end: 'cancelled' });
    for (const id of ['a1', 'q1', 'nobody'])
      assert.equal(told(before, { type: 'text', id, thought: '', answer: 'late' }), before);
  });

  it('adds a message, or puts it in the place of the one with its id', () => {
    const added = told(conversationOf(question), { type: 'message', message: answer });
    assert.deepEqual(added.conversation.messages, [question, answer]);
    const ended: AnswerView = { ...answer, text: 'Because.', end: 'stop' };
    const replaced = told(added, { type: 'message', message: ended });
    assert.deepEqual(replaced.conversation.messages, [question, ended]);
  });

  it('takes the same text into the box a second time', () => {
    const once = told(initialState, { type: 'draft', text: 'again', focus: true });
    assert.notEqual(told(once, { type: 'draft', text: 'again', focus: true }).inserted, once.inserted);
  });

  it('recalls what was asked last', () => {
    assert.equal(lastQuestion([]), '');
    assert.equal(lastQuestion([question, { ...question, id: 'q2', text: 'And then?' }, answer]), 'And then?');
  });
});
