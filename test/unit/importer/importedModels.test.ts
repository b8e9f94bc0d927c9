import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { CheckpointFolder } from '../../../src/inference/importer/checkpointFolder.ts';
import { readManifest } from '../../../src/inference/model/modelManifest.ts';
import { ensureImported } from '../../../src/inference/store/importedModels.ts';
import { quantizationFor } from '../../../src/inference/store/weightFormat.ts';
import { verifyModel } from '../../../src/inference/store/verifyModel.ts';
import { type ErrorCode, GemmaError } from '../../../src/protocol/errors.ts';
import type { BackendName, Quantization } from '../../../src/protocol/engine.ts';
import { randomCheckpoint, writeCheckpoint } from '../../support/checkpoints.ts';
import { type Workplace, workplace } from '../../support/checkpointWorkplace.ts';

/** Imports the checkpoint of `work` into a home beside it; counts the steps of progress. */
async function ensure(
  work: Workplace,
  quantization: Quantization = 'q4',
  source = work.source,
): Promise<{ folder: string; steps: number }> {
  let steps = 0;
  const home = join(work.root, 'home');
  const folder = await ensureImported({ source, home, format: quantization, onProgress: () => steps++ });
  return { folder, steps };
}

/** A program of its own that runs `code`. */
async function childScript(work: Workplace, code: string): Promise<string> {
  const script = join(work.root, 'child.mjs');
  const contents = `
    import { writeSync } from 'node:fs';
    import { ensureImported } from './src/inference/store/importedModels.ts';
    ${code}`;
  await build({
    stdin: { contents, resolveDir: process.cwd(), loader: 'ts' },
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
  return script;
}

const fails = (code: ErrorCode, culprit: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GemmaError, String(error));
  assert.match(error.message, culprit);
  assert.equal(error.code, code);
  return true;
};

describe('A checkpoint asked for by name', () => {
  it('is imported once, into a folder that says what it is', async () => {
    await using work = await workplace();
    const first = await ensure(work);
    assert.match(first.folder, /home[/\\]models[/\\]checkpoint-q4-[0-9a-f]{16}$/);
    assert.ok(first.steps > 0);
    await verifyModel(first.folder);
    assert.deepEqual(await ensure(work), { folder: first.folder, steps: 0 });
  });

  it('is imported for each quantization', async () => {
    await using work = await workplace();
    for (const quantization of ['q4', 'q8', 'f32'] as const) {
      const { folder } = await ensure(work, quantization);
      assert.equal((await readManifest(folder)).quantization, quantization);
    }
    assert.equal((await readdir(join(work.root, 'home', 'models'))).length, 3);
  });

  it('says how the model is to be asked, by the files beside the weights', async () => {
    await using work = await workplace();
    const base = await ensure(work);
    assert.equal((await readManifest(base.folder)).chat, null);
    await writeFile(join(work.source, 'generation_config.json'), '{"eos_token_id": [1, 106]}');
    const tuned = await ensure(work);
    assert.notEqual(tuned.folder, base.folder);
    const { chat, completion } = await readManifest(tuned.folder);
    assert.deepEqual([chat, completion?.layout], ['gemma3', 'instruction']);
    await writeFile(join(work.source, 'tokenizer_config.json'), '{"chat_template": ');
    await assert.rejects(ensure(work), fails('model-damaged', /tokenizer_config\.json is not valid JSON/));
  });

  for (const [what, change] of [
    [
      'its config.json',
      (work) => work.editJson('config.json', (config) => ({ ...config, rope_theta: 5_000 })),
    ],
    [
      'its tokenizer.json',
      (work) => work.editJson('tokenizer.json', (json) => ({ ...json, version: '1.0' })),
    ],
    ['the time of its weights', (work) => utimes(work.path('model.safetensors'), 1, 1)],
    [
      'its weights',
      (work) => writeCheckpoint(work.source, randomCheckpoint({ layers: 1 }, 2), { dtype: 'BF16' }),
    ],
  ] as [string, (work: Workplace) => Promise<void>][]) {
    it(`is imported anew after a change of ${what}`, async () => {
      await using work = await workplace();
      const before = await ensure(work);
      await change(work);
      const after = await ensure(work);
      assert.notEqual(after.folder, before.folder);
      assert.ok(after.steps > 0);
    });
  }

  for (const [what, damage] of [
    ['a file is missing', (folder) => rm(join(folder, 'graph.onnx'))],
    ['a file is shorter', (folder) => truncate(join(folder, 'weights.0.bin'), 100)],
    ['the manifest is missing', (folder) => rm(join(folder, 'manifest.json'))],
    ['the manifest is no manifest', (folder) => writeFile(join(folder, 'manifest.json'), '{}')],
  ] as [string, (folder: string) => Promise<void>][]) {
    it(`is imported again when of the import ${what}`, async () => {
      await using work = await workplace();
      const { folder } = await ensure(work);
      await damage(folder);
      const again = await ensure(work);
      assert.equal(again.folder, folder);
      assert.ok(again.steps > 0);
      await verifyModel(folder);
    });
  }

  it('is left alone when it is damaged: nothing appears in the home', async () => {
    await using work = await workplace();
    await truncate(work.path('model.safetensors'), 1_000);
    await assert.rejects(ensure(work), fails('model-damaged', /model\.safetensors/));
    assert.deepEqual(await readdir(join(work.root, 'home', 'models')), []);
  });

  it('takes the form that a backend runs best: int4 where a large model runs natively, int8 elsewhere', async () => {
    await using work = await workplace();
    const weights = work.path('model.safetensors');
    const best = async (bestFor: BackendName): Promise<Quantization> =>
      quantizationFor(await CheckpointFolder.open(work.source), { bestFor });
    await truncate(weights, 100_000_000);
    assert.deepEqual([await best('native'), await best('wasm')], ['q8', 'q8']);
    await truncate(weights, 100_000_001);
    assert.deepEqual([await best('native'), await best('wasm')], ['q4', 'q8']);
  });

  it('is imported by two processes at once without harm: one import stays, both use it', async function () {
    await using work = await workplace(randomCheckpoint({ layers: 2, hiddenSize: 256, ffnSize: 1_024 }));
    const script = await childScript(
      work,
      `process.once('message', async (options) => {
         process.send(await ensureImported(options));
         process.disconnect();
       });
       process.send('ready');`,
    );
    const children = [fork(script), fork(script), fork(script)];
    await Promise.all(children.map((child) => once(child, 'message')));
    const folders = await Promise.all(
      children.map(async (child) => {
        child.send({ source: work.source, home: join(work.root, 'home'), format: 'q8' });
        const [folder]: string[] = await once(child, 'message');
        return folder!;
      }),
    );
    assert.equal(new Set(folders).size, 1);
    assert.deepEqual(await readdir(join(work.root, 'home', 'models')), [basename(folders[0]!)]);
    await verifyModel(folders[0]!);
  });

  it('is imported from the start after the process that imported it was killed in the middle', async () => {
    await using work = await workplace(randomCheckpoint({ layers: 2 }));
    const script = await childScript(
      work,
      `const [, , source, home] = process.argv;
       const onProgress = (fraction) => {
         if (fraction < 0.5) return;
         writeSync(1, 'half');
         Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
       };
       await ensureImported({ source, home, format: 'q4', onProgress });`,
    );
    const home = join(work.root, 'home');
    const child = fork(script, [work.source, home], { silent: true });
    await once(child.stdout!, 'data');
    const [left] = await readdir(join(home, 'models'));
    assert.match(left!, /\.importing-/);
    child.kill('SIGKILL');
    await once(child, 'exit');

    const { folder } = await ensure(work);
    assert.deepEqual(await readdir(join(home, 'models')), [basename(folder)]);
    await verifyModel(folder);
  });

  it('takes away what an import of a process that has ended left behind, and nothing else', async () => {
    await using work = await workplace();
    const models = join(work.root, 'home', 'models');
    const random = '0123456789abcdef';
    // No process has an id this high; Linux stops at 4,194,304.
    const stale = `.tiny-q4-1.importing-4999999-${random}`;
    const running = `.tiny-q4-1.importing-${process.ppid}-${random}`;
    const old = `.tiny-q4-2.importing-${process.ppid}-${random}`;
    const other = 'tiny-q4-0000000000000000';
    for (const name of [stale, running, old, other])
      await mkdir(join(models, name, 'inside'), { recursive: true });
    await utimes(join(models, old), 1, 1);
    const { folder } = await ensure(work);
    assert.deepEqual((await readdir(models)).sort(), [running, basename(folder), other].sort());
  });
});

describe('An imported folder asked for by name', () => {
  it('is used where it is', async () => {
    await using work = await workplace();
    await work.import('f32');
    assert.deepEqual(await ensure(work, 'q4', work.target), { folder: work.target, steps: 0 });
    await assert.rejects(stat(join(work.root, 'home')));
  });

  it('is refused when it is damaged', async () => {
    await using work = await workplace();
    await work.import();
    await truncate(join(work.target, 'weights.0.bin'), 10);
    await assert.rejects(
      ensure(work, 'q4', work.target),
      fails('model-damaged', /weights\.0\.bin .* 10 bytes/),
    );
    await writeFile(join(work.target, 'manifest.json'), '{}');
    await assert.rejects(ensure(work, 'q4', work.target), fails('model-damaged', /manifest\.json/));
  });

  it('is refused when it holds no model, or is none', async () => {
    await using work = await workplace();
    await assert.rejects(ensure(work, 'q4', work.root), fails('bad-input', /holds neither a checkpoint/));
    await assert.rejects(ensure(work, 'q4', join(work.root, 'no')), fails('bad-input', /is not a folder/));
  });
});
