import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { PromptLookup } from '../../../src/inference/engine/promptLookup.ts';

const text = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19];

describe('guessing from the prompt', () => {
  it('gives what followed the same three tokens the last time', () => {
    const lookup = new PromptLookup([...text, 1, 2, 11, 12, 13, 77, 78, 79, 3, 11, 12], 'native', 'q8');
    assert.deepEqual(lookup.guess(), []);
    lookup.push(13);
    assert.deepEqual(lookup.guess().slice(0, 3), [77, 78, 79]);
  });

  it('gives nothing after fewer tokens, or where nothing follows them yet', () => {
    assert.deepEqual(new PromptLookup([1, 2, 3], 'native', 'q8').guess(), []);
    assert.deepEqual(new PromptLookup([...text, 12, 13], 'native', 'q8').guess(), []);
    assert.deepEqual(new PromptLookup([], 'native', 'q8').guess(), []);
  });

  it('guesses fewer tokens where each costs more', () => {
    const repeated = [...text, ...text.slice(0, 3)];
    const [int4, int8] = [
      new PromptLookup(repeated, 'native', 'q4'),
      new PromptLookup(repeated, 'native', 'q8'),
    ];
    assert.ok(int4.guess().length < int8.guess().length);
  });

  it('guesses further the longer it was right, and stops when it is wrong', () => {
    const copied = Array.from({ length: 100 }, (_, i) => 1_000 + i);
    const lookup = new PromptLookup([...copied, ...copied.slice(0, 3)], 'native', 'q4');
    const before = lookup.guess().length;
    for (const token of copied.slice(3, 60)) lookup.push(token);
    assert.equal(lookup.guess().length, 7);
    assert.ok(before < 7);

    const misleading = new PromptLookup(
      Array.from({ length: 300 }, (_, i) => [1, 2, 3, 400 + i]).flat(),
      'native',
      'q4',
    );
    for (let i = 0; i < 60; i++) for (const token of [1, 2, 3, 900 + i]) misleading.push(token);
    for (const token of [1, 2, 3]) misleading.push(token);
    assert.deepEqual(misleading.guess(), []);
  });
});
