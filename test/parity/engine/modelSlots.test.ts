import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { probeBackends } from '../../../src/inference/backends/probe.ts';
import { CancelFlag } from '../../../src/inference/engine/cancelFlag.ts';
import type { LoadedModels } from '../../../src/inference/engine/engine.ts';
import { contextOf } from '../../../src/inference/engine/loadModel.ts';
import { memoryOf, type ModelMemory } from '../../../src/inference/engine/memoryPlan.ts';
import { ModelSlots } from '../../../src/inference/engine/modelSlots.ts';
import { KvMemory } from '../../../src/inference/kv/kvMemory.ts';
import type { Turn } from '../../../src/inference/kv/turn.ts';
import { readManifest } from '../../../src/inference/model/modelManifest.ts';
import type { Role } from '../../../src/protocol/engine.ts';
import {
  type ImportedChatModel,
  importChatModel,
  importThinkingModel,
} from '../../support/chatCheckpoint.ts';

const alone: Turn = new CancelFlag();
const PLENTY = 1e9;

describe('two models within one memory budget', () => {
  let one: ImportedChatModel;
  let two: ImportedChatModel;
  let memory: ModelMemory;
  let kv: KvMemory;
  let slots: ModelSlots;
  /** Bytes that the machine has left. */
  let available: number | null;
  before(async () => {
    [one, two] = await Promise.all([importChatModel('f32'), importThinkingModel('f32')]);
    const manifest = await readManifest(one.folder);
    memory = memoryOf(manifest, 'native', contextOf(manifest));
  });
  beforeEach(() => {
    available = null;
    kv = new KvMemory(0);
    slots = new ModelSlots(kv, probeBackends, async () => available);
  });
  afterEach(async () => {
    for (const role of ['completion', 'chat'] as const) await slots.unload(role);
  });
  after(() => Promise.all([one.remove(), two.remove()]));

  const load = (
    role: Role,
    { folder }: ImportedChatModel,
    memoryBytes = PLENTY,
  ): Promise<LoadedModels | null> =>
    slots.load(role, { folder, backend: 'native', snapshots: null, memoryBytes }, alone);

  it('leaves for keys and values what the weights do not take, and tells how long a chat may be', async () => {
    const whole = await load('chat', one, memory.weightBytes + 3 * memory.leastKvBytes);
    assert.equal(whole?.weightBytes, memory.weightBytes);
    assert.equal(kv.budgetBytes, 3 * memory.leastKvBytes);
    const roomy = whole.models.chat?.chatContextTokens ?? 0;

    const tight = slots.resize(memory.weightBytes + memory.leastKvBytes);
    assert.equal(kv.budgetBytes, memory.leastKvBytes);
    const left = tight?.models.chat?.chatContextTokens ?? 0;
    assert.ok(left >= 2_048 && left < roomy, `${left} of ${roomy} tokens`);
    assert.equal(slots.resize(memory.weightBytes), null);
  });

  it('has no room beside the other, and room when that is gone', async () => {
    await load('chat', two);
    const bytes = memory.weightBytes + memory.leastKvBytes;
    assert.equal(await load('completion', one, bytes), null);
    assert.equal(slots.loaded.models.completion, null);
    await slots.unload('chat');
    assert.ok((await load('completion', one, bytes))?.models.completion);
  });

  it('is not more than the machine has left', async () => {
    await load('chat', two);
    available = memory.weightBytes;
    assert.equal(await load('completion', one), null);
    await slots.unload('chat');
    await assert.rejects(load('completion', one), { code: 'out-of-memory', message: /this machine has/ });
    available = memory.weightBytes + memory.leastKvBytes;
    const loaded = await load('completion', one);
    // What is there already needs no more.
    available = 0;
    assert.deepEqual((await load('chat', one))?.models.chat, loaded?.models.completion);
  });

  it('loses the model that can not be loaded again, and not the other', async () => {
    await load('completion', one);
    await load('chat', two);
    await assert.rejects(load('chat', { ...two, folder: '/nowhere' }), { code: 'model-damaged' });
    const { models } = slots.loaded;
    assert.equal(models.chat, null);
    assert.ok(models.completion);
  });
});
