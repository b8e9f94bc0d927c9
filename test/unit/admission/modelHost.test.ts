import assert from 'node:assert/strict';
import { Jobs } from '../../../src/inference/jobs.ts';
import { ModelHost } from '../../../src/inference/modelHost.ts';
import type { ModelStore } from '../../../src/inference/modelStore.ts';
import { GemmaError } from '../../../src/protocol/errors.ts';
import { createFakeEngine } from '../../support/fakeEngine.ts';
import { nameStore } from '../../support/nameStore.ts';

describe('model host', () => {
  let jobs: Jobs;
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
      onProgress: () => undefined,
      onModel: (model) => heard.push(model?.name ?? null),
    });
  }

  beforeEach(() => {
    jobs = new Jobs(1_000, () => assert.fail('no job may be beyond reach'));
    heard = [];
    imports = [];
  });

  it('loads the embedded model when none is named, in the form the backend runs best', async () => {
    const models = host();
    await models.load({ backend: 'native' });
    await models.load({ backend: 'wasm' });
    assert.deepEqual(imports, ['embedded {"bestFor":"native"}', 'embedded {"bestFor":"wasm"}']);
  });

  it('loads once what is asked for twice, at once or later', async () => {
    const models = host();
    const [one, two] = await Promise.all([
      models.load({ backend: 'auto' }),
      models.load({ backend: 'auto' }),
    ]);
    const three = await models.load({ backend: 'auto' });
    assert.deepEqual([one.parameters, two.parameters, three.parameters], [1, 1, 1]);
    assert.deepEqual(heard, ['embedded']);
  });

  it('asks for snapshots as the last client with an opinion did, and loads anew only when that changes', async () => {
    const asked: (string | null)[] = [];
    const engine = createFakeEngine();
    const load = engine.load.bind(engine);
    engine.load = (folder, backend, snapshots) => {
      asked.push(snapshots);
      return load(folder, backend, snapshots);
    };
    const models = host(undefined, engine);
    for (const snapshots of [undefined, true, undefined, true, false, undefined]) {
      await models.load({ backend: 'auto', snapshots });
    }
    assert.deepEqual(asked, [null, '/nowhere/snapshots', null]);
  });

  it('replaces the model by another one, telling everybody', async () => {
    const models = host();
    await Promise.all([models.load({ backend: 'auto' }), models.load({ model: 'other', backend: 'auto' })]);
    assert.equal(models.model?.name, 'other');
    assert.deepEqual(heard, ['embedded', null, 'other']);
  });

  it('answers completions that wait for a model with the reason why it does not come', async () => {
    const damaged = new GemmaError('model-damaged', 'Damaged.');
    const models = host(() => Promise.reject(damaged));
    const loading = models.load({ backend: 'auto' });
    const completion = jobs.submit({ kind: 'complete', document: 'a', run: async () => 'never' });
    await assert.rejects(loading, damaged);
    await assert.rejects(completion, damaged);
  });

  it('keeps the old model when the new one can not even be imported', async () => {
    const models = host((model) =>
      model === 'bad' ? Promise.reject(new Error('bad')) : Promise.resolve(model),
    );
    await models.load({ backend: 'auto' });
    await assert.rejects(models.load({ model: 'bad', backend: 'auto' }));
    assert.equal(models.model?.name, 'embedded');
    assert.equal(await jobs.submit({ kind: 'complete', document: 'a', run: async () => 'works' }), 'works');
  });

  it('loads again on demand what was given back', async () => {
    const models = host();
    assert.throws(() => models.ensureModel(), { code: 'no-model' });
    await models.load({ backend: 'auto' });
    await models.unload();
    assert.equal(models.model, null);
    models.ensureModel();
    assert.equal(await jobs.submit({ kind: 'complete', document: 'a', run: async () => 'works' }), 'works');
    assert.deepEqual(heard, ['embedded', null, 'embedded']);
  });
});
