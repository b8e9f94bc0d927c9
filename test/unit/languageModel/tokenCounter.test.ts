import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { TokenCounter } from '../../../src/extension/languageModel/tokenCounter.ts';

/** Counts characters, and remembers how many texts each request had. */
function engine(): { sizes: number[]; countTokens(texts: readonly string[]): Promise<readonly number[]> } {
  const sizes: number[] = [];
  return {
    sizes,
    async countTokens(texts) {
      sizes.push(texts.length);
      if (texts.includes('bad')) throw new Error('bad');
      return texts.map(({ length }) => length);
    },
  };
}

describe('counting the tokens of many texts', () => {
  it('asks once for what comes at the same time, and again later', async () => {
    const counted = engine();
    const counter = new TokenCounter(counted);
    const counts = await Promise.all(['a', '', 'abc'].map((text) => counter.count(text)));
    assert.deepEqual(counts, [1, 0, 3]);
    assert.equal(await counter.count('ab'), 2);
    assert.deepEqual(counted.sizes, [3, 1]);
  });

  it('keeps every request within the bounds of the protocol', async () => {
    const counted = engine();
    const counter = new TokenCounter(counted);
    const many = Array.from({ length: 1_100 }, (_, i) => 'x'.repeat(i % 5));
    const large = [150_000, 100_000, 400_000].map((length) => 'y'.repeat(length));
    const counts = await Promise.all([...many, ...large].map((text) => counter.count(text)));
    assert.deepEqual(
      counts,
      [...many, ...large].map(({ length }) => length),
    );
    assert.deepEqual(counted.sizes, [500, 500, 101, 1, 1]);
  });

  it('tells everybody of a failure', async () => {
    const counter = new TokenCounter(engine());
    const asked = ['good', 'bad'].map((text) => counter.count(text));
    for (const answer of asked) await assert.rejects(answer, /bad/);
  });
});
