import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Answers } from '../../../src/inference/engine/answers.ts';

/** A token of two letters, half a character, the other half, one more letter. */
const smile = { text: 'ab😀c', tokens: [1, 2, 3, 4], ends: [2, 2, 4, 5] };

describe('answers by their text', () => {
  it('have the tokens they were generated with', () => {
    const answers = new Answers();
    answers.remember(smile);
    assert.deepEqual(answers.tokensOf('ab😀c'), [1, 2, 3, 4]);
    assert.equal(answers.tokensOf('ab😀cd'), undefined);
  });

  it('may be known up to where somebody stopped listening, whole characters only', () => {
    const answers = new Answers();
    answers.remember(smile);
    assert.deepEqual(answers.tokensOf('ab'), [1]);
    assert.deepEqual(answers.tokensOf('ab😀'), [1, 2, 3]);
    assert.equal(answers.tokensOf('a'), undefined, 'inside a token');
    assert.equal(answers.tokensOf('b'), undefined);
    assert.equal(answers.tokensOf(''), undefined);
  });

  it('are forgotten one by one, the oldest first', () => {
    const answers = new Answers();
    for (let i = 0; i < 300; i++) answers.remember({ text: `${i}.`, tokens: [i], ends: [2] });
    assert.equal(answers.tokensOf('0.'), undefined);
    assert.deepEqual(answers.tokensOf('299.'), [299]);
  });
});
