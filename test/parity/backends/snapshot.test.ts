import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { LoadedModel } from '../../../src/inference/backends/backend.ts';
import { createNativeBackend } from '../../../src/inference/backends/native.ts';
import { createWasmBackend } from '../../../src/inference/backends/wasm.ts';
import { CancelFlag } from '../../../src/inference/engine/cancelFlag.ts';
import { KvCache } from '../../../src/inference/kv/kvCache.ts';
import { KvMemory } from '../../../src/inference/kv/kvMemory.ts';
import { Sequence } from '../../../src/inference/kv/sequence.ts';
import { SnapshotStore } from '../../../src/inference/kv/snapshotStore.ts';
import { partWidths } from '../../../src/inference/model/graphInterface.ts';
import { type ImportedEmbeddedModel, importEmbeddedModel } from '../../support/embeddedModel.ts';
import { someTokens } from './compare.ts';

for (const backend of [createNativeBackend(), createWasmBackend()]) {
  describe(`the keys and values of the embedded model on ${backend.name}`, () => {
    let imported: ImportedEmbeddedModel;
    let folder = '';
    let prompt: number[] = [];
    let next: number[] = [];
    before(async () => {
      imported = await importEmbeddedModel(backend.name === 'native' ? 'q4' : 'q8');
      folder = await mkdtemp(join(tmpdir(), 'snapshots-'));
      const tokens = someTokens(imported.manifest, 610);
      [prompt, next] = [tokens.slice(0, 600), tokens.slice(600)];
    });
    after(async () => {
      await imported.remove();
      await rm(folder, { recursive: true, force: true });
    });

    /** What a process has after its start. */
    async function start(): Promise<{ readonly model: LoadedModel; readonly cache: KvCache }> {
      const model = await backend.load(imported.folder, imported.manifest, { threads: 1 });
      const snapshots = await SnapshotStore.open(folder, { diskBytes: 1e9 });
      return { model, cache: new KvCache(model, { capacity: 700, memory: new KvMemory(1e9), snapshots }) };
    }

    it('can be read and written part by part', async () => {
      const { model } = await start();
      const [from, to] = [model.createKvBuffer(9), model.createKvBuffer(5)];
      const widths = partWidths(imported.manifest.architecture);
      const rowsOf = (part: number): Float32Array =>
        Float32Array.from({ length: 5 * widths[part]! }, (_, i) => part + i / 64);
      for (const part of widths.keys()) from.writePart(part, rowsOf(part));
      from.copyTo(to, 5);
      for (const part of widths.keys()) assert.deepEqual(await to.readPart(part, 5), rowsOf(part));
      await assert.rejects(to.readPart(0, 6), RangeError);
      assert.throws(() => to.writePart(0, new Float32Array(6 * widths[0]!)), RangeError);
      for (const buffer of [from, to]) buffer.dispose();
      await model.dispose();
    });

    it('give the same bits after rewinding, growing and forking', async () => {
      const { model } = await start();
      const sequence = new Sequence(model, 1_000);
      await sequence.append(prompt.slice(0, 500), 1);
      const { bytes } = sequence;
      await sequence.append(prompt.slice(500), 1);
      assert.ok(sequence.bytes > bytes, 'it grew');
      const expected = (await sequence.append(next, 1)).slice();
      sequence.rewind(600);
      assert.deepEqual(await sequence.append(next, 1), expected, 'rewound');
      const fork = sequence.fork(600, { capacity: 1_024, expected: 1_000 });
      assert.deepEqual(await fork.append(next, 1), expected, 'forked');
      fork.dispose();
      sequence.dispose();
      await model.dispose();
    });

    it('give the same bits from a snapshot', async () => {
      const old = await start();
      const { sequence, logits } = await old.cache.prefill(prompt);
      const expected = logits.slice();
      const expectedNext = (await sequence.append(next, 1)).slice();
      sequence.rewind(prompt.length);
      await old.cache.store(new CancelFlag());
      old.cache.dispose();
      await old.model.dispose();
      assert.equal((await readdir(folder)).length, 1);

      const { model, cache } = await start();
      const restored = await cache.prefill([...prompt, ...next.slice(0, 1)]);
      assert.equal(restored.cachedTokens, prompt.length);
      restored.sequence.rewind(prompt.length);
      assert.deepEqual(await restored.sequence.append(next, 1), expectedNext);
      assert.equal((await cache.prefill(prompt)).cachedTokens, prompt.length - 1);
      cache.dispose();

      const cold = new KvCache(model, { capacity: 700, memory: new KvMemory(1e9) });
      assert.deepEqual((await cold.prefill(prompt)).logits, expected, 'as computing it does');
      cold.dispose();
      await model.dispose();
    });
  });
}
