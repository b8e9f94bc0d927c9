import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { threadsFor } from '../../../src/inference/backends/threads.ts';

describe('the number of threads', () => {
  it('leaves a core to the editor, and more of them where threads wait by spinning', () => {
    assert.equal(threadsFor('native', 2_000_000_000, 8), 7);
    assert.equal(threadsFor('wasm', 2_000_000_000, 8), 4);
  });

  it('stays low for a model whose steps are too short to share', () => {
    assert.equal(threadsFor('native', 4_000_000, 8), 2);
    assert.equal(threadsFor('wasm', 4_000_000, 8), 1);
  });

  it('is never below one', () => {
    for (const backend of ['native', 'wasm'] as const) {
      assert.equal(threadsFor(backend, 2_000_000_000, 1), 1);
      assert.equal(threadsFor(backend, 4_000_000, 1), 1);
    }
  });
});
