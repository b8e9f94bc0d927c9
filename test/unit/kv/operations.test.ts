import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as fc from 'fast-check';
import { GemmaError } from '../../../src/protocol/errors.ts';
import { CancelFlag } from '../../../src/inference/engine/cancelFlag.ts';
import { KvCache } from '../../../src/inference/kv/kvCache.ts';
import { KvMemory } from '../../../src/inference/kv/kvMemory.ts';
import type { Sequence } from '../../../src/inference/kv/sequence.ts';
import { SnapshotStore } from '../../../src/inference/kv/snapshotStore.ts';
import { bytesOf, expectedLogits, RecordingModel } from './recordingModel.ts';
import { withFolder } from './temporaryFolder.ts';

/** Large enough for sequences to grow three times. */
const CAPACITY = 1_600;

describe('two models with one memory and snapshots', () => {
  it('agree with recomputing everything, whatever is done in whatever order', async function () {
    this.timeout(120_000);
    await withFolder(async (root) => {
      let run = 0;
      const seen = nothing();
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 200, max: 6_000 }),
          fc.array(operation, { minLength: 10, maxLength: 50, size: 'max' }),
          async (positions, operations) => {
            const world = new World(`${root}/${run++}`, bytesOf(positions));
            await world.start();
            for (const step of operations) {
              await world.take(step);
              world.check();
            }
            world.end();
            for (const what of [...COUNTED, 'superseded'] as const) seen[what] += world.seen[what];
          },
        ),
        { numRuns: 100, endOnFailure: true },
      );
      for (const [what, times] of Object.entries(seen)) assert.ok(times > 5, `${times} ${what}`);
    });
  });
});

const operation = fc.record({
  kind: fc.constantFrom(
    'complete',
    'complete',
    'complete',
    'chat',
    'chat',
    'endChat',
    'cancel',
    'fail',
    'exhaust',
    'store',
    'store',
    'storeDuringChange',
    'storeDuringChange',
    'restart',
    'restart',
    'disposeOne',
  ),
  model: fc.nat({ max: 1 }),
  at: fc.nat(),
  /** Share of the last prompt that stays. */
  kept: fc.constantFrom(0, 0.3, 0.6, 1),
  tokens: fc.array(fc.nat({ max: 3 }), { maxLength: 90, size: 'max' }),
  /** So that prompts get long in few steps. */
  repeat: fc.constantFrom(1, 1, 4, 8),
  capacity: fc.constantFrom(CAPACITY, CAPACITY, 700),
});
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** A chat holds its sequence over many operations of others. */
interface Chat {
  readonly sequence: Sequence;
  /** What the sequence must hold: kept by the test, by plain concatenation. */
  tokens: number[];
}

/** What must have happened for the test to mean something. */
function nothing() {
  return { hits: 0, evictions: 0, snapshotReads: 0, snapshotWrites: 0, superseded: 0 };
}
const COUNTED = ['hits', 'evictions', 'snapshotReads', 'snapshotWrites'] as const;

class World {
  /** In all processes that ended. */
  readonly seen = nothing();
  readonly #folder: string;
  readonly #budgetBytes: number;
  #models: RecordingModel[] = [];
  #caches: KvCache[] = [];
  #memory = new KvMemory(0);
  #chats: (Chat | null)[] = [];
  #prompts = [[1], [2]];
  #prompted = 0;

  constructor(folder: string, budgetBytes: number) {
    this.#folder = folder;
    this.#budgetBytes = budgetBytes;
  }

  async start(): Promise<void> {
    const snapshots = await SnapshotStore.open(this.#folder, { diskBytes: 40_000 });
    const memory = new KvMemory(this.#budgetBytes);
    this.#memory = memory;
    this.#models = [0, 1].map((layer) => {
      const model = new RecordingModel();
      const weights = [{ name: 'weights', bytes: 0, sha256: String(layer) }];
      return Object.assign(model, { manifest: { ...model.manifest, weights } });
    });
    this.#caches = this.#models.map((model) => new KvCache(model, { capacity: CAPACITY, memory, snapshots }));
    this.#chats = [null, null];
    this.#prompted = 0;
  }

  /** The process ends. */
  end(): void {
    const { statistics } = this.#memory;
    for (const what of COUNTED) this.seen[what] += statistics[what];
    for (const cache of this.#caches) cache.dispose();
    for (const model of this.#models) assert.equal(model.live, 0, 'a buffer was left');
  }

  async take(step: Operation): Promise<void> {
    const model = this.#models[step.model]!;
    const cache = this.#caches[step.model]!;
    const added = Array.from({ length: step.repeat }, () => step.tokens).flat();
    if (step.kind === 'restart') {
      this.end();
      await this.start();
    } else if (step.kind === 'disposeOne') {
      cache.dispose();
      this.#chats[step.model] = null;
      assert.equal(model.live, 0);
    } else if (step.kind === 'store' || step.kind === 'storeDuringChange') {
      await this.#store(cache, step.kind === 'store' ? null : this.#chats[step.model]!);
    } else if (step.kind === 'endChat') {
      const chat = this.#chats[step.model];
      if (chat) cache.unpin(chat.sequence);
      this.#chats[step.model] = null;
    } else if (step.kind === 'chat' && this.#chats[step.model]) {
      await this.#goOn(this.#chats[step.model]!, added);
    } else {
      await this.#prompt(step, model, cache, added);
    }
  }

  check(): void {
    this.#models.forEach((model, index) => assert.equal(model.live, this.#caches[index]!.size));
    const { bytes, budgetBytes, sequences, prompts } = this.#memory.statistics;
    assert.equal(bytes, this.#caches[0]!.bytes + this.#caches[1]!.bytes);
    assert.equal(prompts, this.#prompted);
    assert.ok(
      bytes <= budgetBytes || sequences - this.#memory.live.pinned.size <= 1,
      `${sequences} sequences have ${bytes} of ${budgetBytes} bytes`,
    );
    for (const chat of this.#chats) if (chat) assert.deepEqual(chat.sequence.tokens, chat.tokens);
  }

  async #prompt(step: Operation, model: RecordingModel, cache: KvCache, added: number[]): Promise<void> {
    const { kind, capacity, at, kept } = step;
    const old = this.#prompts[step.model]!;
    const prompt = [...old.slice(0, Math.max(1, Math.floor(kept * old.length))), ...added].slice(
      0,
      capacity - 4,
    );
    this.#prompts[step.model] = prompt;
    const cancel = new CancelFlag();
    if (kind === 'exhaust') model.room = at % 3;
    model.beforeForward = () => {
      if (kind === 'cancel') cancel.cancel();
      if (kind === 'fail') throw new Error('the runtime failed');
    };
    const { prompts } = this.#memory.statistics;
    const { computed } = model;
    const result = await cache.prefill(prompt, cancel, { capacity }).catch((error: unknown) => {
      const expected = error instanceof GemmaError ? error.code : String(error);
      assert.ok(['cancelled', 'out-of-memory', 'Error: the runtime failed'].includes(expected), expected);
      return null;
    });
    model.beforeForward = () => undefined;
    model.room = Infinity;
    this.#prompted += this.#memory.statistics.prompts - prompts;
    if (result === null) {
      assert.ok(kind === 'cancel' || kind === 'fail' || kind === 'exhaust', `${kind} failed`);
      return;
    }
    const { sequence, logits, cachedTokens } = result;
    assert.deepEqual([...logits], expectedLogits(prompt));
    assert.deepEqual(sequence.tokens, prompt);
    assert.equal(sequence.capacity, capacity);
    assert.equal(model.computed - computed, prompt.length - cachedTokens);
    if (kind === 'chat') {
      cache.pin(sequence);
      this.#chats[step.model] = { sequence, tokens: [...prompt] };
      return;
    }
    const next = await sequence.append([3, 4], 2);
    assert.deepEqual([...next], [...expectedLogits([...prompt, 3]), ...expectedLogits([...prompt, 3, 4])]);
    if (at % 2 === 0) sequence.rewind(prompt.length);
  }

  async #goOn(chat: Chat, added: readonly number[]): Promise<void> {
    const tokens = added.slice(0, chat.sequence.capacity - chat.tokens.length);
    if (tokens.length === 0) return;
    const logits = await chat.sequence.append(tokens, 1);
    chat.tokens = [...chat.tokens, ...tokens];
    assert.deepEqual([...logits], expectedLogits(chat.tokens));
  }

  async #store(cache: KvCache, changed: Chat | null): Promise<void> {
    const stored = cache.store(new CancelFlag());
    if (changed === null) {
      await stored;
      return;
    }
    // As another job does while the disk works: forgets a token and goes on.
    const { sequence } = changed;
    sequence.rewind(sequence.length - 1);
    await sequence.append([2], 1);
    changed.tokens = [...changed.tokens.slice(0, -1), 2];
    const error: unknown = await stored.then(
      () => null,
      (reason: unknown) => reason,
    );
    if (error === null) return;
    assert.equal(error instanceof GemmaError ? error.code : error, 'superseded');
    this.seen.superseded++;
  }
}
