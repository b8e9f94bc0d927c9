import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { kvBudget, neededFor, noRoom, weightsOf } from '../../../src/inference/engine/memoryPlan.ts';

const MB = 1024 * 1024;
const small = { weightBytes: 10 * MB, leastKvBytes: 5 * MB };
const large = { weightBytes: 1_500 * MB, leastKvBytes: 75 * MB };
const models = fc.array(fc.record({ weightBytes: fc.nat(1e10), leastKvBytes: fc.nat(3e9) }), {
  maxLength: 2,
});

describe('the memory of models', () => {
  it('is for weights first, and for keys and values what is left of it, 512 MB at most', () => {
    assert.equal(kvBudget([small, large], 8_000 * MB), 512 * MB);
    assert.equal(kvBudget([small, large], 1_800 * MB), 290 * MB);
    assert.equal(neededFor([small, large]), 1_590 * MB);
  });

  it('holds all of them with a prompt each wherever that is said to fit, and is not exceeded', () => {
    fc.assert(
      fc.property(models, fc.nat(2e10), (list, memoryBytes) => {
        const kv = kvBudget(list, memoryBytes);
        const fits = neededFor(list) <= memoryBytes;
        assert.ok(!fits || weightsOf(list) + kv <= memoryBytes);
        assert.ok(kv <= 512 * MB && weightsOf(list) + kv >= neededFor(list));
      }),
    );
  });

  it('refuses with what is needed, what there is, and what to do', () => {
    assert.equal(
      noRoom('gemma', large, 1e9, Infinity).message,
      'gemma needs 1.65 GB of memory, and models may take 1.00 GB. Choose a smaller model, or allow more memory.',
    );
    assert.equal(
      noRoom('gemma', large, 8e9, 1.2e9).message,
      'gemma needs 1.65 GB of memory, and this machine has 1.20 GB left. Close something, or choose a smaller model.',
    );
  });
});
