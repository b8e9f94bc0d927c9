import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { Jobs } from '../../../src/inference/jobs.ts';
import { ModelHost } from '../../../src/inference/modelHost.ts';
import type { ModelStore } from '../../../src/inference/modelStore.ts';
import { GemmaError } from '../../../src/protocol/errors.ts';
import { createFakeEngine } from '../../support/fakeEngine.ts';
import { nameStore } from '../../support/nameStore.ts';

describe('model host', () => {
  let jobs: Jobs;
  /** Of the completion model. */
  let heard: (string | null)[];
  let imports: string[];

  function host(
    ensureImported: ModelStore['ensureImported'] = async (model) => model,
    engine = createFakeEngine(),
  ): ModelHost {
    return new ModelHost({
      engine,
      jobs,
      store: {
        ...nameStore,
        ensureImported: (model, format, onFraction) => {
          imports.push(`${model} ${JSON.stringify(format)}`);
          return ensureImported(model, format, onFraction);
        },
      },
      embeddedModel: 'embedded',
      snapshots: '/nowhere/snapshots',
      defaultMemory: 1_000,
      onProgress: () => undefined,
      onModel: (role, model) => role === 'completion' && heard.push(model?.name ?? null),
    });
  }

  const chatting = (text = 'answer', work: Promise<unknown> = Promise.resolve()): Promise<string> =>
    jobs.submit({ kind: 'chat', role: 'chat', run: () => work.then(() => text) });
  const completing = (): Promise<string> =>
    jobs.submit({ kind: 'complete', role: 'completion', document: 'a', run: async () => 'line' });

  beforeEach(() => {
    jobs = new Jobs(1_000, () => assert.fail('no job may be beyond reach'));
    heard = [];
    imports = [];
  });

  it('loads the embedded model when none is named, in the form the backend runs best', async () => {
    const models = host();
    await models.load({ role: 'completion', backend: 'native' });
    await models.load({ role: 'completion', backend: 'wasm' });
    assert.deepEqual(imports, ['embedded {"bestFor":"native"}', 'embedded {"bestFor":"wasm"}']);
  });

  it('loads once what is asked for twice, at once or later', async () => {
    const models = host();
    const [one, two] = await Promise.all([
      models.load({ role: 'completion', backend: 'auto' }),
      models.load({ role: 'completion', backend: 'auto' }),
    ]);
    const three = await models.load({ role: 'completion', backend: 'auto' });
    assert.deepEqual([one.parameters, two.parameters, three.parameters], [1, 1, 1]);
    assert.deepEqual(heard, ['embedded']);
  });

  it('asks for snapshots as the last client with an opinion did, and loads anew only when that changes', async () => {
    const asked: (string | null)[] = [];
    const engine = createFakeEngine();
    const load = engine.load.bind(engine);
    engine.load = (role, plan, turn) => {
      asked.push(plan.snapshots);
      return load(role, plan, turn);
    };
    const models = host(undefined, engine);
    for (const snapshots of [undefined, true, undefined, true, false, undefined]) {
      await models.load({ role: 'completion', backend: 'auto', snapshots });
    }
    assert.deepEqual(asked, [null, '/nowhere/snapshots', null]);
  });

  it('replaces the model by another one, telling everybody', async () => {
    const models = host();
    await Promise.all([
      models.load({ role: 'completion', backend: 'auto' }),
      models.load({ role: 'completion', model: 'other', backend: 'auto' }),
    ]);
    assert.equal(models.models.completion?.name, 'other');
    assert.deepEqual(heard, ['embedded', null, 'other']);
  });

  it('answers completions that wait for a model with the reason why it does not come', async () => {
    const damaged = new GemmaError('model-damaged', 'Damaged.');
    const models = host(() => Promise.reject(damaged));
    const loading = models.load({ role: 'completion', backend: 'auto' });
    const completion = jobs.submit({
      kind: 'complete',
      role: 'completion',
      document: 'a',
      run: async () => 'never',
    });
    await assert.rejects(loading, damaged);
    await assert.rejects(completion, damaged);
  });

  it('keeps the old model when the new one can not even be imported', async () => {
    const models = host((model) =>
      model === 'bad' ? Promise.reject(new Error('bad')) : Promise.resolve(model),
    );
    await models.load({ role: 'completion', backend: 'auto' });
    await assert.rejects(models.load({ role: 'completion', model: 'bad', backend: 'auto' }));
    assert.equal(models.models.completion?.name, 'embedded');
    assert.equal(
      await jobs.submit({ kind: 'complete', role: 'completion', document: 'a', run: async () => 'works' }),
      'works',
    );
  });

  it('loads again on demand what was given back', async () => {
    const models = host();
    assert.throws(() => models.ensureModel('completion'), { code: 'no-model' });
    await models.load({ role: 'completion', backend: 'auto' });
    await models.unload('completion');
    assert.equal(models.models.completion, null);
    models.ensureModel('completion');
    assert.equal(
      await jobs.submit({ kind: 'complete', role: 'completion', document: 'a', run: async () => 'works' }),
      'works',
    );
    assert.deepEqual(heard, ['embedded', null, 'embedded']);
  });

  describe('with a model for each role', () => {
    it('keeps both, and loads one that has both roles once', async () => {
      const models = host();
      await models.load({ role: 'completion', backend: 'auto' });
      await models.load({ role: 'chat', model: 'size 500', backend: 'auto' });
      assert.deepEqual(names(models), ['embedded', 'size 500']);
      assert.deepEqual(models.memory, { budgetBytes: 1_000, weightBytes: 501 });
      const { parameters } = await models.load({ role: 'completion', model: 'size 500', backend: 'auto' });
      assert.equal(parameters, 2);
      assert.equal(models.memory.weightBytes, 500);
    });

    it('fails what waits for the one that does not come, and only that', async () => {
      const models = host((model) =>
        model === 'bad' ? Promise.reject(new Error('bad')) : Promise.resolve(model),
      );
      const loading = models.load({ role: 'chat', model: 'bad', backend: 'auto' });
      const [chat, line] = [chatting(), completing()];
      await assert.rejects(loading);
      await assert.rejects(chat, { message: 'bad' });
      await models.load({ role: 'completion', backend: 'auto' });
      assert.equal(await line, 'line');
    });

    it('lets them take turns when both have no room, each when the other has answered', async () => {
      const models = host();
      await models.load({ role: 'chat', model: 'size 800', backend: 'auto' });
      const answered = new EventEmitter();
      const chat = chatting('answer', once(answered, 'now'));
      const loading = models.load({ role: 'completion', model: 'size 700', backend: 'auto' });
      const line = completing();
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.deepEqual(names(models), [undefined, 'size 800']);
      answered.emit('now');
      assert.equal(await chat, 'answer');
      assert.equal(await line, 'line');
      await loading;
      assert.deepEqual(names(models), ['size 700', undefined]);

      models.ensureModel('chat');
      assert.equal(await chatting(), 'answer');
      assert.deepEqual(names(models), [undefined, 'size 800']);
      assert.equal(models.memory.weightBytes, 800);
    });

    it('answers what came for the one that was given back for the other', async () => {
      const models = host();
      await models.load({ role: 'chat', model: 'size 800', backend: 'auto' });
      const asked = Array.from({ length: 6 }, (_, index) => {
        models.ensureModel('chat');
        const chat = chatting(String(index));
        void models.load({ role: 'completion', model: 'size 700', backend: 'auto' });
        return Promise.all([chat, completing().catch(({ code }: GemmaError) => code)]);
      });
      const answers = await Promise.all(asked);
      assert.deepEqual(
        answers.map(([chat]) => chat),
        ['0', '1', '2', '3', '4', '5'],
      );
      assert.equal(answers.at(-1)?.[1], 'line');
    });

    it('refuses one that has no room at all, and leaves the other where it is', async () => {
      const models = host();
      await models.load({ role: 'completion', backend: 'auto' });
      const tooLarge = models.load({ role: 'chat', model: 'size 1001', backend: 'auto' });
      await assert.rejects(tooLarge, { code: 'out-of-memory' });
      models.ensureModel('completion');
      assert.equal(await completing(), 'line');
    });

    it('gives back what a smaller budget has no room for, the least recently used first', async () => {
      const models = host();
      await models.load({ role: 'completion', model: 'size 300', backend: 'auto' });
      await models.load({ role: 'chat', model: 'size 400', backend: 'auto' });
      models.use('completion');
      await models.load({ role: 'completion', model: 'size 300', backend: 'auto', memoryBytes: 500 });
      await until(() => models.models.chat === null);
      assert.deepEqual(names(models), ['size 300', undefined]);
      await models.load({ role: 'completion', model: 'size 300', backend: 'auto', memoryBytes: 0 });
      assert.equal(models.memory.budgetBytes, 1_000);
      await models.load({ role: 'chat', model: 'size 400', backend: 'auto' });
      assert.deepEqual(names(models), ['size 300', 'size 400']);
    });

    it('gives back the one that is idle for the longest time when it is told to, and none in use', async () => {
      const models = host();
      await models.load({ role: 'completion', backend: 'auto' });
      await models.load({ role: 'chat', model: 'other', backend: 'auto' });
      await models.unloadOne(60_000);
      assert.deepEqual(names(models), ['embedded', 'other']);
      models.use('completion');
      const answered = new EventEmitter();
      const chat = chatting('answer', once(answered, 'now'));
      await models.unload('chat');
      assert.deepEqual(names(models), ['embedded', 'other']);
      answered.emit('now');
      await chat;
      await until(() => !jobs.runsOn('chat'));
      await models.unloadOne(0);
      assert.deepEqual(names(models), ['embedded', undefined]);
      await models.load({ role: 'chat', backend: 'auto' });
      await models.unloadOne(0);
      assert.deepEqual(names(models), [undefined, undefined]);
    });
  });
});

function names({ models }: ModelHost): (string | undefined)[] {
  return [models.completion?.name, models.chat?.name];
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}
