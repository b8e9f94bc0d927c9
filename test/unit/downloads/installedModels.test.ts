import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cp,
  mkdir,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as fc from 'fast-check';
import * as v from 'valibot';
import { ensureImported } from '../../../src/inference/store/importedModels.ts';
import {
  findInstalled,
  listInstalled,
  modelIdOf,
  removeInstalled,
} from '../../../src/inference/store/installedModels.ts';
import { installModel } from '../../../src/inference/store/installModel.ts';
import { modelsFolder } from '../../../src/inference/store/modelsFolder.ts';
import { moveModels } from '../../../src/inference/store/moveModels.ts';
import { type ErrorCode, GemmaError } from '../../../src/protocol/errors.ts';
import { type InstalledModel, ModelId } from '../../../src/protocol/models.ts';
import { type Workplace, workplace } from '../../support/checkpointWorkplace.ts';

const fails = (code: ErrorCode, sentence: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GemmaError, String(error));
  assert.match(error.message, sentence);
  assert.equal(error.code, code, error.message);
  return true;
};

const homeOf = (work: Workplace): string => join(work.root, 'home');
const install = (work: Workplace, source = work.source): Promise<InstalledModel> =>
  installModel({ source, home: homeOf(work), format: 'q8' });

describe('An installed model', () => {
  it('is what a folder of the person was imported to, once', async () => {
    await using work = await workplace();
    const model = await install(work);
    assert.match(model.id, /^checkpoint-q8-[0-9a-f]{16}$/);
    assert.deepEqual(model.origin, { kind: 'folder', path: work.source });
    assert.deepEqual([model.name, model.architecture, model.quantization], ['checkpoint', 'gemma3', 'q8']);
    // One layer with two heads of keys and values, each of 32 numbers.
    assert.equal(model.kvBytesPerToken, 2 * 2 * 32 * 4);
    const models = join(homeOf(work), 'models');
    const files = await readdir(join(models, model.id));
    const sizes = await Promise.all(
      files.map(async (name) => (await stat(join(models, model.id, name))).size),
    );
    const origin = (await stat(join(models, model.id, 'origin.json'))).size;
    assert.equal(model.bytes, sizes.reduce((sum, size) => sum + size, 0) - origin);
    assert.deepEqual(await install(work), model);
    assert.deepEqual(await listInstalled(models), [model]);
  });

  it('can be what the Hugging Face cache holds, by links into its blobs', async () => {
    await using work = await workplace();
    const repository = join(work.root, 'models--google--Tiny-It');
    const snapshot = join(repository, 'snapshots', '0123456789');
    await mkdir(snapshot, { recursive: true });
    await mkdir(join(repository, 'blobs'));
    for (const [index, name] of (await readdir(work.source)).entries()) {
      await rename(work.path(name), join(repository, 'blobs', String(index)));
      await symlink(join('..', '..', 'blobs', String(index)), join(snapshot, name));
    }
    const model = await install(work, snapshot);
    assert.match(model.id, /^tiny-it-q8-/);
    assert.equal(model.name, 'Tiny-It');
    // The folder keeps its name, and is found by the model's.
    const home = homeOf(work);
    assert.equal(
      await ensureImported({ source: model.id, home, format: 'q4' }),
      await ensureImported({ source: snapshot, home, format: 'q8' }),
    );
  });

  it('can be copied from an imported folder, but not twice', async () => {
    await using work = await workplace();
    await work.import('f32');
    const model = await install(work, work.target);
    assert.deepEqual([model.id, model.quantization], ['imported', 'f32']);
    await assert.rejects(install(work, work.target), fails('bad-input', /a model imported already/));
    await truncate(join(work.target, 'weights.0.bin'), 10);
    await removeInstalled(join(homeOf(work), 'models'), 'imported');
    await assert.rejects(install(work, work.target), fails('model-damaged', /weights/));
    assert.deepEqual(await listInstalled(join(homeOf(work), 'models')), []);
  });

  it('is listed only while it is whole, and removed even then', async () => {
    await using work = await workplace();
    const models = join(homeOf(work), 'models');
    const { id } = await install(work);
    await mkdir(join(models, 'empty'));
    await writeFile(join(models, 'file'), '');
    await truncate(join(models, id, 'weights.0.bin'), 100);
    assert.deepEqual(await listInstalled(models), []);
    await assert.rejects(
      ensureImported({ source: id, home: homeOf(work), format: 'q8' }),
      fails('model-damaged', /weights\.0\.bin .* 100 bytes/),
    );
    await removeInstalled(models, id);
    await removeInstalled(models, 'empty');
    assert.deepEqual(await readdir(models), ['file']);
    await assert.rejects(removeInstalled(models, id), fails('bad-input', /There is no model/));
    await assert.rejects(
      ensureImported({ source: id, home: homeOf(work), format: 'q8' }),
      fails('bad-input', /There is no model/),
    );
  });

  it('that is a link is removed, and not what it leads to', async () => {
    await using work = await workplace();
    const models = join(homeOf(work), 'models');
    await mkdir(join(models, 'outer'), { recursive: true });
    await symlink(work.source, join(models, 'linked'));
    await symlink(work.source, join(models, 'outer', 'inner'));
    const before = await readdir(work.source);
    await removeInstalled(models, 'linked');
    await removeInstalled(models, 'outer');
    assert.deepEqual(await readdir(models), []);
    assert.deepEqual(await readdir(work.source), before);
  });

  it('has a name that is one, and the folder’s own where that is possible', async () => {
    const plain = fc.string({ unit: fc.constantFrom('a', 'z', '0', '9', '.', '_', '-'), maxLength: 99 });
    fc.assert(
      fc.property(fc.array(fc.nat(0x10_ff_ff)), (points) =>
        v.is(ModelId, modelIdOf(String.fromCodePoint(...points))),
      ),
    );
    fc.assert(fc.property(plain, (end) => modelIdOf(`a${end}`) === `a${end}`));
    await using work = await workplace();
    await mkdir(join(work.root, 'Two'));
    await mkdir(join(work.root, 'two'));
    assert.equal(await findInstalled(work.root, 'two'), join(work.root, 'two'));
    await rm(join(work.root, 'two'), { recursive: true });
    assert.equal(await findInstalled(work.root, 'two'), join(work.root, 'Two'));
  });
});

const move = (work: Workplace, folder: string, cancelled = false): Promise<void> =>
  moveModels({ home: homeOf(work), folder, onProgress: () => undefined, cancelled: () => cancelled });

describe('The models folder', () => {
  it('moves to a new or empty folder with all it holds, and is found there', async () => {
    await using work = await workplace();
    const { id } = await install(work);
    const old = await modelsFolder(homeOf(work));
    await mkdir(join(old, '.first-downloads'));
    for (const folder of [join(work.root, 'new', 'deep'), join(work.root, 'empty')]) {
      if (basename(folder) === 'empty') await mkdir(folder);
      await move(work, folder);
      assert.equal(await modelsFolder(homeOf(work)), folder);
      assert.deepEqual((await readdir(folder)).toSorted(), ['.first-downloads', id]);
      assert.equal((await listInstalled(folder))[0]?.id, id);
      assert.deepEqual(await install(work), (await listInstalled(folder))[0]);
    }
    await assert.rejects(stat(old), { code: 'ENOENT' });
    // Its disk is not plugged in: the folder at home serves, and the models come back with it.
    await rename(join(work.root, 'empty'), join(work.root, 'gone'));
    assert.equal(await modelsFolder(homeOf(work)), old);
    await rename(join(work.root, 'gone'), join(work.root, 'empty'));
    assert.equal(await modelsFolder(homeOf(work)), join(work.root, 'empty'));
  });

  it('stays where it is when the new place can not be used', async () => {
    await using work = await workplace();
    await install(work);
    const old = await modelsFolder(homeOf(work));
    for (const [folder, sentence] of [
      [old, /outside of/],
      [join(old, 'inside'), /outside of/],
      ['relative', /outside of/],
      [work.source, /is not empty/],
      [work.path('config.json'), /can't be used/],
    ] as const) {
      await assert.rejects(move(work, folder), fails('bad-input', sentence));
    }
    assert.equal(await modelsFolder(homeOf(work)), old);
    assert.equal((await listInstalled(old)).length, 1);
  });

  it('is copied and compared across disks; a full disk and a change of mind leave it where it was', async function () {
    await using work = await workplace();
    const { id, bytes } = await install(work);
    const old = await modelsFolder(homeOf(work));
    const disk = join(work.root, 'disk');
    await mkdir(disk);
    const mount = (size: number): void => {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk], { stdio: 'ignore' });
    };
    try {
      mount(4_096);
    } catch {
      this.skip();
    }
    try {
      await assert.rejects(move(work, join(disk, 'models')), fails('disk-full', /less room/));
      execFileSync('umount', [disk]);
      mount(2 * bytes + 1_000_000);
      await assert.rejects(move(work, join(disk, 'models'), true), fails('cancelled', /cancelled/));
      assert.deepEqual(await readdir(disk), []);
      assert.equal(await modelsFolder(homeOf(work)), old);
      await cp(join(old, id), join(old, 'damaged'), { recursive: true });
      await truncate(join(old, 'damaged', 'graph.onnx'), 10);
      await mkdir(join(old, '.downloads', 'other', 'empty'), { recursive: true });
      await symlink(join('..', '..', 'checkpoint'), join(old, 'linked'));
      const fractions: number[] = [];
      await moveModels({
        home: homeOf(work),
        folder: join(disk, 'models'),
        onProgress: (fraction) => fractions.push(fraction),
        cancelled: () => false,
      });
      assert.deepEqual(
        fractions,
        fractions.toSorted((a, b) => a - b),
      );
      assert.equal(fractions.at(-1), 1);
      assert.equal((await listInstalled(await modelsFolder(homeOf(work))))[0]?.id, id);
      const names = ['.downloads', id, 'damaged', 'linked'];
      assert.deepEqual((await readdir(join(disk, 'models'))).toSorted(), names.toSorted());
      assert.deepEqual(await readdir(join(disk, 'models', '.downloads', 'other')), ['empty']);
      assert.equal(await realpath(join(disk, 'models', 'linked')), await realpath(work.source));
      await assert.rejects(stat(old), { code: 'ENOENT' });
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});
