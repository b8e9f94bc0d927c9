import assert from 'node:assert/strict';
import { readdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { StoreWorkerHost } from '../../../src/inference/store/storeWorkerHost.ts';
import { verifyModel } from '../../../src/inference/store/verifyModel.ts';
import { type ErrorCode, GemmaError } from '../../../src/protocol/errors.ts';
import { randomCheckpoint } from '../../support/checkpoints.ts';
import { type Workplace, workplace } from '../../support/checkpointWorkplace.ts';

const hasCode = (code: ErrorCode) => (error: unknown) => error instanceof GemmaError && error.code === code;
const ignore = (): void => undefined;

/** A host over the bundled thread, as in the product. */
async function hostFor(work: Workplace): Promise<StoreWorkerHost> {
  const entry = join(work.root, 'storeWorker.mjs');
  await build({
    entryPoints: ['src/inference/store/worker.ts'],
    outfile: entry,
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
  return new StoreWorkerHost(pathToFileURL(entry), join(work.root, 'home'));
}

/** Large enough that cancelling happens in the middle. */
const large = { layers: 4, hiddenSize: 256, ffnSize: 1_024 };

describe('The store thread', () => {
  it('imports with progress that only grows, then answers from disk', async () => {
    await using work = await workplace();
    const host = await hostFor(work);
    const fractions: number[] = [];
    const folder = await host.ensureImported(work.source, 'q4', (fraction) => fractions.push(fraction));
    await verifyModel(folder);
    assert.ok(fractions.length > 1 && fractions.at(-1) === 1);
    assert.deepEqual(
      fractions,
      fractions.toSorted((a, b) => a - b),
    );
    assert.equal(await host.ensureImported(work.source, 'q4', () => assert.fail('imported again')), folder);
  });

  it('imports to a folder of the caller and says what came out', async () => {
    await using work = await workplace();
    const host = await hostFor(work);
    const params = { source: work.source, target: work.target, quantization: 'f32' } as const;
    const { architecture, parameters, bytes } = await host.import(params, ignore);
    assert.equal(architecture, 'gemma3');
    assert.ok(bytes > 4 * parameters);
  });

  it('hands over what went wrong', async () => {
    await using work = await workplace();
    const host = await hostFor(work);
    await truncate(work.path('model.safetensors'), 100);
    await assert.rejects(host.ensureImported(work.source, 'q4', ignore), hasCode('model-damaged'));
    await assert.rejects(host.ensureImported(join(work.root, 'no'), 'q4', ignore), hasCode('bad-input'));
  });

  it('obeys a cancellation in the middle, before the start and not after the end; nothing is left', async () => {
    await using work = await workplace(randomCheckpoint(large));
    const host = await hostFor(work);
    const params = { source: work.source, target: work.target, quantization: 'q8' } as const;
    const middle = new AbortController();
    const importing = host.import(params, () => middle.abort(), middle.signal);
    await assert.rejects(importing, hasCode('cancelled'));
    await assert.rejects(host.import(params, ignore, AbortSignal.abort()), hasCode('cancelled'));
    assert.deepEqual((await readdir(work.root)).sort(), ['checkpoint', 'storeWorker.mjs']);
    await host.import(params, ignore, new AbortController().signal);
    await verifyModel(work.target);
  });

  it('serves several callers at once', async () => {
    await using work = await workplace();
    const host = await hostFor(work);
    const folders = await Promise.all(
      (['q4', 'q8', 'f32', 'q4'] as const).map((quantization) =>
        host.ensureImported(work.source, quantization, ignore),
      ),
    );
    assert.equal(new Set(folders).size, 3);
    for (const folder of folders) await verifyModel(folder);
    assert.equal((await readdir(join(work.root, 'home', 'models'))).length, 3);
  });

  it('cleans up when the process ends in the middle, and can be asked again', async () => {
    await using work = await workplace(randomCheckpoint(large));
    const host = await hostFor(work);
    await host.dispose();
    let started = ignore;
    const running = new Promise<void>((resolve) => (started = resolve));
    const importing = host.ensureImported(work.source, 'q8', () => started());
    const failed = assert.rejects(importing, hasCode('cancelled'));
    await running;
    await host.dispose();
    await failed;
    assert.deepEqual(await readdir(join(work.root, 'home', 'models')), []);
    await verifyModel(await host.ensureImported(work.source, 'q8', ignore));
  });

  it('reports a thread that cannot start', async () => {
    await using work = await workplace();
    const host = new StoreWorkerHost(pathToFileURL(join(work.root, 'missing.mjs')), work.root);
    await assert.rejects(host.ensureImported(work.source, 'q4', ignore), hasCode('internal'));
  });
});
