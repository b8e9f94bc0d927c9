import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as fc from 'fast-check';
import { CancelFlag } from '../../../src/inference/engine/cancelFlag.ts';
import { KvCache } from '../../../src/inference/kv/kvCache.ts';
import { KvMemory } from '../../../src/inference/kv/kvMemory.ts';
import { bytesOf, expectedLogits, RecordingModel } from './recordingModel.ts';

const CAPACITY = 256;

describe('the KV cache', () => {
  it('computes only what a prompt adds', async () => {
    const { cache, model } = cacheFor(4);
    await cache.prefill([1, 2, 3, 4]);
    const { cachedTokens } = await cache.prefill([1, 2, 3, 4, 5, 6]);
    assert.equal(cachedTokens, 4);
    assert.equal(model.computed, 6);
    assert.equal(cache.size, 1, 'typing on needs no second buffer');
  });

  it('runs the last token again when the whole prompt is known', async () => {
    const { cache, model } = cacheFor(4);
    await cache.prefill([1, 2, 3]);
    const { cachedTokens, logits } = await cache.prefill([1, 2, 3]);
    assert.equal(cachedTokens, 2);
    assert.deepEqual([...logits], expectedLogits([1, 2, 3]));
    assert.equal(model.computed, 4);
  });

  it('keeps two files apart and warm', async () => {
    const { cache } = cacheFor(4);
    const a = [1, ...Array.from({ length: 50 }, () => 2)];
    const b = [1, ...Array.from({ length: 50 }, () => 3)];
    await cache.prefill(a);
    await cache.prefill(b);
    assert.equal((await cache.prefill([...a, 9])).cachedTokens, 51);
    assert.equal((await cache.prefill([...b, 9])).cachedTokens, 51);
  });

  it('forgets the least recently used prompt when the budget is spent', async () => {
    const { cache, model } = cacheFor(2);
    await cache.prefill([1, 1]);
    await cache.prefill([2, 2]);
    await cache.prefill([1, 1, 1]);
    await cache.prefill([3, 3]);
    assert.equal(cache.size, 2);
    assert.equal(model.live, 2);
    assert.equal((await cache.prefill([1, 1, 1, 1])).cachedTokens, 3, 'used after 2, so still there');
    assert.equal((await cache.prefill([2, 2, 2])).cachedTokens, 0);
  });

  it('copies a pinned stem for every prompt that starts with it', async () => {
    const { cache } = cacheFor(3);
    const stem = [7, 7, 7, 7];
    cache.pin((await cache.prefill(stem)).sequence);
    for (let chat = 0; chat < 5; chat++) {
      assert.equal((await cache.prefill([...stem, chat, chat])).cachedTokens, 4);
    }
    assert.equal((await cache.prefill([...stem, 99])).cachedTokens, 4);
  });

  it('computes a stem once, and leaves every prompt that starts with it whole', async () => {
    const { cache, model } = cacheFor(4);
    const stem = [7, 8, 9, 10];
    const options = { stem: stem.length };
    const first = await cache.prefill([...stem, 1, 1], undefined, options);
    assert.equal(first.cachedTokens, 0);
    assert.deepEqual([...first.logits], expectedLogits([...stem, 1, 1]));
    assert.equal((await cache.prefill([...stem, 2, 2, 2], undefined, options)).cachedTokens, 4);
    assert.equal((await cache.prefill([...stem, 1, 1, 1], undefined, options)).cachedTokens, 6);
    assert.equal((await cache.prefill([...stem, 2, 2, 2, 2], undefined, options)).cachedTokens, 7);
    assert.equal(model.computed, 4 + 2 + 3 + 1 + 1);
  });

  it('leaves a conversation whole for another that shows the same file', async () => {
    const { cache } = cacheFor(5);
    const options = { stem: 2 };
    const file = [7, 8, ...Array.from({ length: 40 }, (_, i) => i)];
    const { sequence } = await cache.prefill([...file, 100, 5], undefined, options);
    await sequence.append([201, 202, 203], 1);
    await cache.prefill([...file, 300, 5], undefined, options);
    const next = await cache.prefill([...file, 100, 5, 201, 202, 203, 400], undefined, options);
    assert.equal(next.cachedTokens, file.length + 5);
  });

  it('writes an answer anew, and goes on after a part of one, in the sequence of the conversation', async () => {
    const { cache } = cacheFor(5);
    const prompt = [7, 8, 9];
    const options = { stem: 2 };
    const { sequence } = await cache.prefill(prompt, undefined, options);
    const answer = Array.from({ length: 50 }, (_, i) => i);
    await sequence.append(answer, 1);
    const part = [...prompt, ...answer.slice(0, 5), 99];
    const next = await cache.prefill(part, undefined, options);
    assert.deepEqual([next.sequence, next.cachedTokens], [sequence, 8]);
    const anew = await cache.prefill(part, undefined, options);
    assert.deepEqual([anew.sequence, anew.cachedTokens], [sequence, 8]);
    assert.equal(cache.size, 2, 'the conversation and its stem');
  });

  it('goes on with a stem whose computing was cancelled', async () => {
    const { cache, model } = cacheFor(5);
    const prompt = [...Array.from({ length: 150 }, (_, i) => i), 1];
    const cancel = new CancelFlag();
    model.beforeForward = () => cancel.cancel();
    await assert.rejects(cache.prefill(prompt, cancel, { stem: 150 }), { code: 'cancelled' });
    model.beforeForward = () => undefined;
    const { cachedTokens } = await cache.prefill(prompt, undefined, { stem: 150 });
    assert.equal(cachedTokens, 64);
    assert.equal(cache.size, 2);
  });

  it('keeps a stem while other prompts come and go', async () => {
    const { cache } = cacheFor(3);
    const stem = [7, 8, 9, 10];
    await cache.prefill([...stem, 1], undefined, { stem: 4 });
    for (let other = 20; other < 30; other++) await cache.prefill([other, other]);
    assert.equal((await cache.prefill([...stem, 2], undefined, { stem: 4 })).cachedTokens, 4);
  });

  it('does without a stem where there is room for one sequence', async () => {
    const { cache, model } = cacheFor(1);
    for (const last of [1, 2, 3]) {
      const prompt = [7, 8, 9, 10, last];
      const { cachedTokens, logits } = await cache.prefill(prompt, undefined, { stem: 4 });
      assert.deepEqual([...logits], expectedLogits(prompt));
      assert.ok(cachedTokens >= 0);
      assert.equal(model.live, 1);
    }
  });

  it('goes on in the only sequence there is room for', async () => {
    const { cache, model } = cacheFor(1);
    await cache.prefill([1, 2, 3, 4, 5, 6]);
    const { cachedTokens, logits } = await cache.prefill([1, 2, 9]);
    assert.equal(cachedTokens, 2);
    assert.deepEqual([...logits], expectedLogits([1, 2, 9]));
    assert.equal(model.live, 1);
  });

  it('serves a prompt even when the budget is smaller than one sequence', async () => {
    const { cache } = cacheFor(0.5);
    assert.deepEqual([...(await cache.prefill([1, 2])).logits], expectedLogits([1, 2]));
    assert.deepEqual([...(await cache.prefill([3, 4])).logits], expectedLogits([3, 4]));
    assert.equal(cache.size, 1);
  });

  it('gives older prompts up when the machine has no memory left, and says so when there are none', async () => {
    const { cache, model } = cacheFor(8);
    await cache.prefill([1, 1]);
    await cache.prefill([2, 2]);
    model.room = 2;
    assert.deepEqual([...(await cache.prefill([3, 3])).logits], expectedLogits([3, 3]));
    assert.equal(model.live, 2);
    model.room = 0;
    await assert.rejects(cache.prefill([4, 4]), { code: 'out-of-memory' });
  });

  it('keeps what was computed before a cancel', async () => {
    const { cache, model } = cacheFor(4);
    const prompt = Array.from({ length: 200 }, (_, i) => i);
    const cancel = new CancelFlag();
    model.beforeForward = () => cancel.cancel();
    await assert.rejects(cache.prefill(prompt, cancel), { code: 'cancelled' });
    model.beforeForward = () => undefined;
    const { cachedTokens, logits } = await cache.prefill(prompt);
    assert.equal(cachedTokens, 64);
    assert.deepEqual([...logits], expectedLogits(prompt));
  });

  it('refuses prompts that are empty or longer than a sequence', async () => {
    const { cache, model } = cacheFor(4);
    await assert.rejects(cache.prefill([]), RangeError);
    await assert.rejects(cache.prefill(Array.from({ length: CAPACITY + 1 }, () => 1)), RangeError);
    assert.equal(model.live, 0);
  });

  it('lets a sequence grow at the cost of the least recently used ones', async () => {
    const { cache, model } = cacheFor(4, 512);
    const chat = Array.from({ length: 500 }, (_, i) => i);
    const { sequence } = await cache.prefill(chat, undefined, { capacity: 2_000 });
    await cache.prefill([-1, 1]);
    await cache.prefill([-2, 2]);
    const more = Array.from({ length: 100 }, () => 7);
    assert.deepEqual([...(await sequence.append(more, 1))], expectedLogits([...chat, ...more]));
    assert.equal(sequence.bytes, bytesOf(1_024));
    assert.deepEqual([cache.size, model.live], [2, 2]);
    assert.equal((await cache.prefill([-2, 2, 3])).cachedTokens, 2);
    await assert.rejects(sequence.append(Array<number>(1_401).fill(1), 1), RangeError, 'its own limit stays');
  });

  it('shares its memory with the caches of other models, and ends only its own', async () => {
    const memory = new KvMemory(2 * bytesOf(CAPACITY));
    const [one, two] = [new RecordingModel(), new RecordingModel()];
    const [first, second] = [one, two].map((model) => new KvCache(model, { capacity: CAPACITY, memory }));
    await first!.prefill([1, 1]);
    await second!.prefill([1, 1, 2]);
    assert.equal(two.computed, 3, 'keys and values of one model mean nothing to another');
    await second!.prefill([3, 3]);
    assert.deepEqual([one.live, two.live], [0, 2]);
    const { sequences, evictions, prompts, hits, prefilledTokens } = memory.statistics;
    assert.deepEqual([sequences, evictions, prompts, hits, prefilledTokens], [2, 1, 3, 0, 7]);
    first!.dispose();
    assert.equal(two.live, 2);
  });

  it('frees every buffer when it is disposed of', async () => {
    const { cache, model } = cacheFor(4);
    await cache.prefill([1, 1]);
    await cache.prefill([2, 2]);
    cache.dispose();
    assert.equal(model.live, 0);
    assert.equal(cache.bytes, 0);
  });

  it('agrees with recomputing everything, through any mix of typing, jumping, cancelling and failing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0.5, max: 5, noNaN: true }),
        fc.array(operation, { maxLength: 40 }),
        async (buffers, operations) => {
          const { cache, model } = cacheFor(buffers);
          let prompt = [1];
          for (const { kind, at, tokens } of operations) {
            prompt = [...prompt.slice(0, 1 + (at % prompt.length)), ...tokens].slice(0, CAPACITY - 4);
            const cancel = new CancelFlag();
            model.beforeForward = () => {
              if (kind === 'cancel') cancel.cancel();
              if (kind === 'fail') throw new Error('the runtime failed');
            };
            const computed = model.computed;
            const result = await cache.prefill(prompt, cancel).catch(() => null);
            model.beforeForward = () => undefined;
            if (result !== null) {
              assert.deepEqual([...result.logits], expectedLogits(prompt));
              assert.deepEqual(result.sequence.tokens, prompt);
              assert.equal(model.computed - computed, prompt.length - result.cachedTokens);
              // What a completion does with it: generate, judge a candidate, go back.
              const next = await result.sequence.append([3, 4], 2);
              assert.deepEqual(
                [...next],
                [...expectedLogits([...prompt, 3]), ...expectedLogits([...prompt, 3, 4])],
              );
              if (kind === 'complete') result.sequence.rewind(prompt.length);
            }
            assert.equal(model.live, cache.size);
            assert.ok(cache.size <= Math.max(1, Math.floor(buffers)));
            assert.equal(cache.bytes, cache.size * bytesOf(CAPACITY));
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

const operation = fc.record({
  kind: fc.constantFrom('complete', 'complete', 'leave', 'cancel', 'fail'),
  at: fc.nat(),
  tokens: fc.array(fc.nat({ max: 3 }), { maxLength: 90 }),
});

/** A cache with a budget for `buffers` sequences of `capacity` positions. */
function cacheFor(buffers: number, capacity = CAPACITY) {
  const model = new RecordingModel();
  const cache = new KvCache(model, { capacity, memory: new KvMemory(buffers * bytesOf(capacity)) });
  return { cache, model };
}
