import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as fc from 'fast-check';
import { findPrefix } from '../../../src/inference/kv/prefixIndex.ts';
import { Sequence } from '../../../src/inference/kv/sequence.ts';
import { RecordingModel } from './recordingModel.ts';

const none: ReadonlySet<Sequence> = new Set();

describe('the search for a shared prefix', () => {
  it('finds the longest one', async () => {
    const [short, long] = await sequences([1, 2, 9, 9], [1, 2, 3, 9]);
    const match = findPrefix([short!, long!], [1, 2, 3, 4, 5], none);
    assert.equal(match?.sequence, long);
    assert.equal(match?.shared, 3);
  });

  it('always leaves the last token to run, so that there are logits', async () => {
    const all = await sequences([1, 2, 3]);
    assert.equal(findPrefix(all, [1, 2, 3], none)?.shared, 2);
    assert.equal(findPrefix(all, [1], none), null);
  });

  it('finds nothing when nothing is shared', async () => {
    assert.equal(findPrefix(await sequences([1, 2], [3]), [4, 5], none), null);
    assert.equal(findPrefix([], [4, 5], none), null);
  });

  it('continues in a sequence that mostly agrees and copies from one that only starts alike', async () => {
    const [sequence] = await sequences([1, 2, 3, 4, 5, 6]);
    assert.equal(findPrefix([sequence!], [1, 2, 3, 9], none)?.inPlace, true);
    assert.equal(findPrefix([sequence!], [1, 2, 9, 9], none)?.inPlace, false);
  });

  it('only copies from a pinned sequence', async () => {
    const [stem] = await sequences([1, 2, 3]);
    assert.equal(findPrefix([stem!], [1, 2, 3, 4], new Set([stem!]))?.inPlace, false);
  });

  it('continues in what it is told to be the past of the prompt', async () => {
    const [sequence] = await sequences([1, 2, 3, 4, 5, 6]);
    const [longer, shorter] = [4, 3].map((least) =>
      findPrefix([sequence!], [1, 2, 3, 9], none, (_sequence, shared) => shared >= least),
    );
    assert.deepEqual([longer?.inPlace, shorter?.inPlace], [false, true]);
  });

  it('shares as much as the best of them', async () => {
    const prompt = fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.array(prompt, { maxLength: 6 }), prompt, async (prompts, tokens) => {
        const all = await sequences(...prompts);
        const shared = findPrefix(all, tokens, none)?.shared ?? 0;
        const longest = Math.max(0, ...all.map((sequence) => sequence.commonPrefix(tokens)));
        assert.equal(shared, Math.min(longest, tokens.length - 1));
      }),
    );
  });
});

async function sequences(...prompts: number[][]): Promise<Sequence[]> {
  return Promise.all(
    prompts.map(async (tokens) => {
      const sequence = new Sequence(new RecordingModel(), 64);
      await sequence.append(tokens, 1);
      return sequence;
    }),
  );
}
