import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { LoadedModel } from '../../../src/inference/backends/backend.ts';
import { createNativeBackend } from '../../../src/inference/backends/native.ts';
import { createWasmBackend } from '../../../src/inference/backends/wasm.ts';
import { KvCache } from '../../../src/inference/kv/kvCache.ts';
import { KvMemory } from '../../../src/inference/kv/kvMemory.ts';
import { assertClose } from './compare.ts';
import { importTinyModel, type TinyModel } from './tinyModel.ts';

const CAPACITY = 256;
const BOUND = 1e-5;

for (const backend of [createNativeBackend(), createWasmBackend()]) {
  describe(`the KV cache of a real model on ${backend.name}`, () => {
    let tiny: TinyModel;
    let model: LoadedModel;
    before(async () => {
      tiny = await importTinyModel('f32', { kvHeads: 2 });
      model = await backend.load(tiny.folder, tiny.manifest, { threads: 1 });
    });
    after(async () => {
      await model.dispose();
      await tiny.remove();
    });

    it('gives the logits of a full computation after typing, deleting, jumping and coming back', async () => {
      const probe = model.createKvBuffer(CAPACITY);
      const cache = new KvCache(model, { capacity: CAPACITY, memory: new KvMemory(3 * probe.bytes) });
      const file = text(200, 1);
      const other = text(180, 2);
      const prompts = [
        file.slice(0, 120),
        file.slice(0, 121),
        file.slice(0, 125),
        file.slice(0, 110),
        [...file.slice(0, 110), ...text(30, 3)],
        other,
        file.slice(0, 112),
        [...file.slice(0, 20), ...text(100, 4)],
        [...other, ...text(20, 5)],
        [...text(1, 1), ...text(50, 6)],
        file,
      ];
      let cached = 0;
      for (const prompt of prompts) {
        const { sequence, logits, cachedTokens } = await cache.prefill(prompt);
        assertClose(logits, await model.forward(probe, 0, prompt, 1), BOUND);
        const next = await sequence.append([5, 6], 1);
        assertClose(next, await model.forward(probe, prompt.length, [5, 6], 1), BOUND);
        sequence.rewind(prompt.length);
        cached += cachedTokens;
      }
      assert.ok(cached > 700, `only ${cached} tokens were reused`);
      cache.dispose();
      probe.dispose();
    });
  });
}

/** Tokens that differ with the seed, in the vocabulary of the tiny model. */
function text(length: number, seed: number): number[] {
  return Array.from({ length }, (_, i) => (i * 131 + seed * 977) % 300);
}
