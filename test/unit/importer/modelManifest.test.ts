import assert from 'node:assert/strict';
import { appendFile, open, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readManifest } from '../../../src/inference/model/modelManifest.ts';
import { isPlainName } from '../../../src/inference/model/plainName.ts';
import { verifyModel } from '../../../src/inference/store/verifyModel.ts';
import { type ErrorCode, GemmaError } from '../../../src/protocol/errors.ts';
import { workplace } from '../../support/checkpointWorkplace.ts';

const fails = (code: ErrorCode, culprit: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GemmaError, String(error));
  assert.match(error.message, culprit);
  assert.equal(error.code, code);
  return true;
};

describe('A plain file name', () => {
  for (const name of ['weights.0.bin', 'model-00001-of-00002.safetensors', '…', '.hidden', 'a b']) {
    it(`is ${JSON.stringify(name)}`, () => assert.ok(isPlainName(name)));
  }
  for (const name of [
    '',
    '.',
    '..',
    '/a',
    'a/b',
    '../a',
    'a\\b',
    '..\\a',
    'c:',
    'a:b',
    'a\0',
    'a\nb',
    'a'.repeat(256),
  ]) {
    it(`is not ${JSON.stringify(name.slice(0, 20))}`, () => assert.ok(!isPlainName(name)));
  }
});

describe('A manifest', () => {
  for (const [name, change] of [
    ['names a file in another folder', (m: Manifest) => (m.graph.name = '../graph.onnx')],
    ['names an absolute file', (m: Manifest) => (m.weights[0]!.name = '/etc/passwd')],
    ['has a hash that is none', (m: Manifest) => (m.tokenizer.sha256 = 'abc')],
    ['has a negative length', (m: Manifest) => (m.graph.bytes = -1)],
    ['is of an earlier format', (m: Manifest) => (m.format = 2)],
    ['is of a later format', (m: Manifest) => (m.format = 4)],
    ['lets a layer read keys of a later one', (m: Manifest) => (m.architecture.attention[0]!.kvFrom = 0)],
    ['describes more layers than it lists', (m: Manifest) => (m.architecture.layers = 2)],
    ['has no weights', (m: Manifest) => delete (m as Partial<Manifest>).weights],
  ] as const) {
    it(`that ${name} is refused`, async () => {
      await using work = await imported();
      const manifest: Manifest = JSON.parse(JSON.stringify(await readManifest(work.target)));
      change(manifest);
      await writeFile(join(work.target, 'manifest.json'), JSON.stringify(manifest));
      await assert.rejects(readManifest(work.target), fails('model-damaged', /manifest\.json can't be used/));
    });
  }

  it('that is missing, not JSON or gigantic is refused', async () => {
    await using work = await imported();
    const path = join(work.target, 'manifest.json');
    for (const content of ['{', ' '.repeat(1_000_001)]) {
      await writeFile(path, content);
      await assert.rejects(readManifest(work.target), fails('model-damaged', /manifest\.json can't be used/));
    }
    await rename(path, `${path}.old`);
    await assert.rejects(readManifest(work.target), fails('model-damaged', /manifest\.json can't be used/));
  });
});

describe('Verifying an imported model', () => {
  it('accepts a fresh one', async () => {
    await using work = await imported();
    await verifyModel(work.target);
  });

  for (const file of ['graph.onnx', 'graph.gpu.onnx', 'weights.0.bin', 'tokenizer.bin']) {
    it(`finds a missing, a longer and a changed ${file}`, async () => {
      await using work = await imported();
      const path = join(work.target, file);
      await rename(path, `${path}.old`);
      await assert.rejects(
        verifyModel(work.target),
        fails('model-damaged', new RegExp(`${file} is missing`)),
      );
      await rename(`${path}.old`, path);
      const handle = await open(path, 'r+');
      await handle.write(Uint8Array.of(0xff), 0, 1, 100);
      await handle.close();
      await assert.rejects(
        verifyModel(work.target),
        fails('model-damaged', new RegExp(`${file} .* has changed`)),
      );
      await appendFile(path, 'x');
      await assert.rejects(
        verifyModel(work.target),
        fails('model-damaged', new RegExp(`${file} .* bytes instead of`)),
      );
    });
  }
});

interface Manifest {
  format: number;
  architecture: { layers: number; attention: { kvFrom: number | null }[] };
  graph: { name: string; bytes: number };
  weights: { name: string }[];
  tokenizer: { sha256: string };
}

async function imported() {
  const work = await workplace();
  await work.import();
  return work;
}
