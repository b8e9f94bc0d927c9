import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Budget } from '../../../src/inference/kv/budget.ts';

describe('a budget', () => {
  it('ends the least recently used items until there is room', () => {
    const { budget, items, ended } = full(['a', 'b', 'c']);
    budget.use(items[0]!);
    assert.equal(budget.makeRoom(20), true);
    assert.deepEqual(ended, ['b', 'c']);
    assert.equal(budget.bytes, 10);
  });

  it('keeps pinned items and the one it is told to keep', () => {
    const { budget, items, ended } = full(['a', 'b', 'c']);
    budget.pin(items[0]!);
    assert.equal(budget.makeRoom(10, items[1]), true);
    assert.deepEqual(ended, ['c']);
  });

  it('says when there can be no room', () => {
    const { budget, items, ended } = full(['a', 'b', 'c']);
    for (const item of items) budget.pin(item);
    assert.equal(budget.makeRoom(10), false);
    assert.deepEqual(ended, []);
  });

  it('lets an unpinned item go again', () => {
    const { budget, items, ended } = full(['a']);
    budget.pin(items[0]!);
    assert.equal(budget.evict(), false);
    budget.unpin(items[0]!);
    assert.equal(budget.evict(), true);
    assert.deepEqual(ended, ['a']);
  });

  it('ends kept items after all others, but for pinned ones', () => {
    const { budget, items, ended } = full(['a', 'b', 'c']);
    budget.keep(items[0]!);
    budget.pin(items[2]!);
    assert.equal(budget.makeRoom(10), true);
    assert.deepEqual(ended, ['b']);
    assert.equal(budget.makeRoom(20), true);
    assert.deepEqual(ended, ['b', 'a']);
    assert.equal(budget.kept.size, 0);
  });

  it('keeps the last two it was asked to keep', () => {
    const { budget, items, ended } = full(['a', 'b', 'c']);
    for (const item of items) budget.keep(item);
    budget.makeRoom(10);
    assert.deepEqual(ended, ['a']);
    assert.deepEqual([...budget.kept], items.slice(1));
  });

  it('also limits the number of items', () => {
    const { budget, ended } = full(['a', 'b', 'c'], { bytes: 1000, items: 3 });
    assert.equal(budget.makeRoom(10), true);
    assert.deepEqual(ended, ['a']);
  });

  it('ends what a smaller limit has no room for, and has room again under a larger one', () => {
    const { budget, items, ended } = full(['a', 'b', 'c']);
    budget.pin(items[0]!);
    budget.resize(15);
    assert.deepEqual([ended, budget.limits.bytes], [['b', 'c'], 15]);
    budget.resize(20);
    assert.equal(budget.makeRoom(10), true);
    assert.equal(budget.makeRoom(11), false);
  });

  it('ends all but what is pinned when it is trimmed', () => {
    const { budget, items, ended } = full(['a', 'b', 'c']);
    budget.pin(items[1]!);
    assert.equal(budget.trim(0), false);
    assert.deepEqual(ended, ['a', 'c']);
  });

  it('pins only what it holds', () => {
    const { budget } = full([]);
    assert.throws(() => budget.pin({ bytes: 1, dispose: () => undefined }), RangeError);
  });

  it('ends everything when it is disposed of', () => {
    const { budget, items, ended } = full(['a', 'b']);
    budget.pin(items[0]!);
    budget.dispose();
    assert.deepEqual(ended, ['a', 'b']);
    assert.equal(budget.bytes, 0);
  });
});

/** A budget of 30 bytes holding the named items of 10 bytes each, oldest first. */
function full(names: readonly string[], limits = { bytes: 30, items: 10 }) {
  const ended: string[] = [];
  const budget = new Budget(limits);
  const items = names.map((name) => ({ bytes: 10, dispose: () => ended.push(name) }));
  for (const item of items) budget.use(item);
  return { budget, items, ended };
}
