import assert from 'node:assert/strict';
import { appendFile, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { CancelFlag } from '../../../src/inference/engine/cancelFlag.ts';
import { KvCache } from '../../../src/inference/kv/kvCache.ts';
import { KvMemory } from '../../../src/inference/kv/kvMemory.ts';
import { snapshotIdentity } from '../../../src/inference/kv/snapshot.ts';
import { SnapshotStore } from '../../../src/inference/kv/snapshotStore.ts';
import { expectedLogits, RecordingModel } from './recordingModel.ts';
import { withFolder } from './temporaryFolder.ts';

const CAPACITY = 1_000;
const HOUR = 60 * 60 * 1_000;
const NOW = Date.parse('2026-01-01');

describe('the snapshot store', () => {
  it('lets a new process begin where the old one ended', async () => {
    await withFolder(async (folder) => {
      const prompt = count(600);
      const before = await cacheOn(folder);
      await before.cache.prefill(prompt);
      await before.cache.store(alone);
      assert.equal(before.memory.statistics.snapshotWrites, 1);

      const { cache, memory, model } = await cacheOn(folder);
      const { cachedTokens, logits } = await cache.prefill([...prompt, 5]);
      assert.equal(cachedTokens, 600);
      assert.equal(model.computed, 1);
      assert.deepEqual([...logits], expectedLogits([...prompt, 5]));
      assert.equal((await cache.prefill([...prompt, 5, 6])).cachedTokens, 601, 'live from now on');
      assert.equal(memory.statistics.snapshotReads, 1);
    });
  });

  it('uses the part of a snapshot that is still true', async () => {
    await withFolder(async (folder) => {
      await storePrompt(folder, count(600));
      const { cache, model } = await cacheOn(folder);
      const edited = [...count(400), ...Array.from({ length: 50 }, () => 99)];
      const { cachedTokens, logits } = await cache.prefill(edited);
      assert.equal(cachedTokens, 400);
      assert.deepEqual([...logits], expectedLogits(edited));
      assert.equal(model.computed, 50);
    });
  });

  it('reads nothing when computing is cheaper, or another runtime wrote it', async () => {
    await withFolder(async (folder) => {
      await storePrompt(folder, count(600));
      const { cache, memory } = await cacheOn(folder);
      assert.equal((await cache.prefill([...count(5), 99])).cachedTokens, 0);
      assert.equal(memory.statistics.snapshotReads, 0);
      const newer = await cacheOn(folder, {}, 'recorder 2');
      assert.equal((await newer.cache.prefill(count(600))).cachedTokens, 0);
    });
  });

  it('removes a damaged snapshot and prefills instead', async () => {
    await withFolder(async (folder) => {
      await storePrompt(folder, count(600));
      const { cache, model, store } = await cacheOn(folder);
      const [name] = await readdir(folder);
      await appendFile(join(folder, name!), 'x');
      const { cachedTokens, logits } = await cache.prefill(count(600));
      assert.equal(cachedTokens, 0);
      assert.deepEqual([...logits], expectedLogits(count(600)));
      assert.deepEqual({ live: model.live, stored: store.size }, { live: 1, stored: 0 });
      assert.deepEqual(await readdir(folder), []);
    });
  });

  it('opens a folder with damaged, half-written and foreign files', async () => {
    await withFolder(async (folder) => {
      await storePrompt(folder, count(600));
      const damaged = `${'0'.repeat(32)}.kv`;
      const writing = `${'1'.repeat(32)}.kv.writing`;
      const abandoned = `${'2'.repeat(32)}.kv.writing`;
      for (const name of [damaged, writing, abandoned, 'notes.txt']) await writeFile(join(folder, name), 'x');
      await utimes(join(folder, abandoned), 0, 0);
      const store = await SnapshotStore.open(folder, { diskBytes: 1e6 });
      assert.equal(store.size, 1);
      const left = await readdir(folder);
      assert.deepEqual(
        left.filter((name) => [damaged, writing, abandoned, 'notes.txt'].includes(name)),
        [writing, 'notes.txt'],
        'another process may be writing, and what is not ours stays',
      );
    });
  });

  it('keeps the snapshots with the most tokens and the latest use within its bytes', async () => {
    await withFolder(async (folder) => {
      let now = NOW;
      const { cache, store } = await cacheOn(folder, { diskBytes: 15_000, now: () => now });
      const prompts = [count(800, 1), count(300, 2), count(500, 3)];
      for (const prompt of prompts) {
        await cache.prefill(prompt);
        await cache.store(alone);
        now += HOUR;
      }
      assert.ok(store.bytes <= 15_000);
      const kept = (): number[] =>
        store.of(snapshotIdentity(new RecordingModel())).map(({ tokens }) => tokens.length);
      assert.deepEqual(kept(), [800, 500], 'the small one went');

      now += 72 * HOUR;
      await cache.prefill(count(400, 4));
      await cache.store(alone);
      const reopened = await SnapshotStore.open(folder, { diskBytes: 15_000, now: () => now });
      assert.equal(reopened.bytes, store.bytes);
      assert.deepEqual(kept(), [800, 400], 'of two that are as old the larger one stays');
    });
  });

  it('keeps one snapshot of a document that grows, and none for a few new tokens', async () => {
    await withFolder(async (folder) => {
      const { cache, memory, store } = await cacheOn(folder);
      await cache.prefill(count(400));
      await cache.store(alone);
      await cache.prefill(count(480));
      await cache.store(alone);
      assert.equal(memory.statistics.snapshotWrites, 1);
      await cache.prefill(count(900));
      await cache.store(alone);
      assert.deepEqual([memory.statistics.snapshotWrites, store.size], [2, 1]);
      assert.equal((await readdir(folder)).length, 1);
    });
  });

  it('does not write again what a limit removed', async () => {
    await withFolder(async (folder) => {
      const { cache, memory, store } = await cacheOn(folder, { diskBytes: 8_000 });
      await cache.prefill(count(600, 1));
      await cache.prefill(count(500, 2));
      await cache.store(alone);
      await cache.store(alone);
      assert.deepEqual([memory.statistics.snapshotWrites, store.size], [2, 1]);
    });
  });

  it('forgets in two weeks what nobody used', async () => {
    await withFolder(async (folder) => {
      await storePrompt(folder, count(600));
      await SnapshotStore.open(folder, { diskBytes: 1e6, now: () => Date.now() + 13 * 24 * HOUR });
      assert.equal((await readdir(folder)).length, 1);
      await SnapshotStore.open(folder, { diskBytes: 1e6, now: () => Date.now() + 15 * 24 * HOUR });
      assert.deepEqual(await readdir(folder), []);
    });
  });

  it('shares its folder and its limit with other processes', async () => {
    await withFolder(async (folder) => {
      const [one, two] = [
        await cacheOn(folder, { diskBytes: 20_000 }),
        await cacheOn(folder, { diskBytes: 20_000 }),
      ];
      await one.cache.prefill(count(600, 1));
      await one.cache.store(alone);
      await two.cache.prefill(count(700, 2));
      await two.cache.store(alone);
      assert.equal(two.store.size, 2, 'it knows what the other wrote');
      await two.cache.prefill(count(800, 3));
      await two.cache.store(alone);
      assert.equal(two.store.size, 2);
      assert.ok(two.store.bytes <= 20_000);
      one.cache.dispose();
      assert.equal((await one.cache.prefill(count(600, 1))).cachedTokens, 0, 'the other removed it');
    });
  });

  it('leaves nothing behind when writing is cancelled', async () => {
    await withFolder(async (folder) => {
      const { cache, store } = await cacheOn(folder);
      await cache.prefill(count(400));
      const cancel = new CancelFlag();
      cancel.cancel();
      await assert.rejects(cache.store(cancel), { code: 'cancelled' });
      assert.deepEqual(await readdir(folder), []);
      assert.equal(store.size, 0);
    });
  });

  it('is readable by nobody else', async function () {
    if (process.platform === 'win32') this.skip();
    await withFolder(async (root) => {
      const folder = join(root, 'snapshots');
      await storePrompt(folder, count(600));
      const [name] = await readdir(folder);
      assert.equal((await stat(folder)).mode & 0o777, 0o700);
      assert.equal((await stat(join(folder, name!))).mode & 0o777, 0o600);
    });
  });
});

const alone = new CancelFlag();

interface Overrides {
  readonly diskBytes?: number;
  readonly now?: () => number;
}

/** What a process has after its start. */
async function cacheOn(folder: string, overrides: Overrides = {}, runtime = 'recorder 1') {
  const store = await SnapshotStore.open(folder, { diskBytes: 1e6, ...overrides });
  const model = Object.assign(new RecordingModel(), { runtime });
  const memory = new KvMemory(1e6);
  const cache = new KvCache(model, { capacity: CAPACITY, memory, snapshots: store });
  return { store, model, memory, cache };
}

async function storePrompt(folder: string, prompt: readonly number[]): Promise<SnapshotStore> {
  const { cache, store } = await cacheOn(folder);
  await cache.prefill(prompt);
  await cache.store(alone);
  return store;
}

/** Tokens of the recording model; those of another seed differ from the first one on. */
function count(length: number, seed = 0): number[] {
  return Array.from({ length }, (_, i) => (i + seed) % 61);
}
