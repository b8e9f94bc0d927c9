import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as fc from 'fast-check';
import { CancelFlag } from '../../../src/inference/engine/cancelFlag.ts';
import { Sequence } from '../../../src/inference/kv/sequence.ts';
import { expectedLogits, RecordingModel, VOCAB_SIZE } from './recordingModel.ts';

describe('a sequence', () => {
  it('returns the same logits however the tokens are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(token, { maxLength: 150 }), { minLength: 1, maxLength: 5 }),
        async (parts) => {
          const sequence = new Sequence(new RecordingModel(), 1000);
          for (const part of parts) {
            const before = [...sequence.tokens];
            const logits = await sequence.append(part, part.length);
            assert.deepEqual(rowsOf(logits), expectedRows(before, part, part.length));
          }
          assert.deepEqual(sequence.tokens, parts.flat());
        },
      ),
    );
  });

  it('returns the last rows that were asked for, also when they span prefill chunks', async () => {
    const tokens = count(200);
    for (const rows of [0, 1, 8, 9, 72, 73, 199, 200]) {
      const logits = await new Sequence(new RecordingModel(), 200).append(tokens, rows);
      assert.deepEqual(rowsOf(logits), expectedRows([], tokens, rows), `${rows} rows`);
    }
  });

  it('goes on from any point it is rewound to', async () => {
    await fc.assert(
      fc.asyncProperty(
        someTokens,
        fc.array(fc.tuple(fc.nat(), someTokens), { maxLength: 6 }),
        async (first, edits) => {
          const sequence = new Sequence(new RecordingModel(), 4000);
          await sequence.append(first, 1);
          let expected = first;
          for (const [at, next] of edits) {
            const length = at % (expected.length + 1);
            sequence.rewind(length);
            expected = [...expected.slice(0, length), ...next];
            assert.deepEqual([...(await sequence.append(next, 1))], expectedLogits(expected));
            assert.deepEqual(sequence.tokens, expected);
          }
        },
      ),
    );
  });

  it('leaves its fork alone', async () => {
    const sequence = new Sequence(new RecordingModel(), 100);
    await sequence.append(count(50), 1);
    const fork = sequence.fork(30);
    sequence.rewind(10);
    await sequence.append([7, 7, 7], 1);

    assert.deepEqual(fork.tokens, count(30));
    assert.deepEqual([...(await fork.append([5], 1))], expectedLogits([...count(30), 5]));
  });

  it('keeps the chunks that ran before a cancel, and goes on from there', async () => {
    const model = new RecordingModel();
    const cancel = new CancelFlag();
    model.beforeForward = () => model.forwards === 2 && cancel.cancel();
    const sequence = new Sequence(model, 300);

    await assert.rejects(sequence.append(count(300), 1, cancel), { code: 'cancelled' });

    assert.equal(sequence.length, 128, 'two chunks of 64');
    assert.deepEqual([...(await sequence.append(count(300).slice(128), 1))], expectedLogits(count(300)));
    assert.equal(model.computed, 300, 'nothing ran twice');
  });

  it('counts only whole chunks after a failed forward', async () => {
    const model = new RecordingModel();
    const sequence = new Sequence(model, 300);
    await sequence.append(count(70), 1);
    model.beforeForward = () => {
      throw new Error('the runtime failed');
    };
    await assert.rejects(sequence.append(count(20), 1), /the runtime failed/u);

    model.beforeForward = () => undefined;
    assert.equal(sequence.length, 70);
    assert.deepEqual([...(await sequence.append([9], 1))], expectedLogits([...count(70), 9]));
  });

  it('refuses what does not fit before anything runs', async () => {
    const model = new RecordingModel();
    const sequence = new Sequence(model, 100);
    await sequence.append(count(90), 1);
    await assert.rejects(sequence.append(count(11), 1), RangeError);
    await assert.rejects(sequence.append(count(3), 4), RangeError);
    assert.equal(model.computed, 90);
    assert.throws(() => sequence.rewind(91), RangeError);
    assert.throws(() => sequence.rewind(-1), RangeError);
    assert.throws(() => sequence.fork(91), RangeError);
  });

  it('knows how much it shares with other tokens', async () => {
    const sequence = new Sequence(new RecordingModel(), 100);
    await sequence.append([1, 2, 3, 4], 1);
    assert.equal(sequence.commonPrefix([1, 2, 3, 4, 5]), 4);
    assert.equal(sequence.commonPrefix([1, 2, 9, 4]), 2);
    assert.equal(sequence.commonPrefix([1, 2]), 2);
    assert.equal(sequence.commonPrefix([]), 0);
  });
});

const token = fc.nat({ max: 50 });
const someTokens = fc.array(token, { minLength: 1, maxLength: 200 });

function count(length: number): number[] {
  return Array.from({ length }, (_, i) => i % 61);
}

function expectedRows(before: readonly number[], tokens: readonly number[], rows: number): number[][] {
  return Array.from({ length: rows }, (_, row) =>
    expectedLogits([...before, ...tokens.slice(0, tokens.length - rows + row + 1)]),
  );
}

function rowsOf(logits: Float32Array): number[][] {
  return Array.from({ length: logits.length / VOCAB_SIZE }, (_, row) => [
    ...logits.subarray(row * VOCAB_SIZE, (row + 1) * VOCAB_SIZE),
  ]);
}
