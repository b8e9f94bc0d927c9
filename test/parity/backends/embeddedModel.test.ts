import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { Backend } from '../../../src/inference/backends/backend.ts';
import { createNativeBackend } from '../../../src/inference/backends/native.ts';
import { createWasmBackend } from '../../../src/inference/backends/wasm.ts';
import { Sequence } from '../../../src/inference/kv/sequence.ts';
import { importModel } from '../../../src/inference/importer/importModel.ts';
import { type ModelManifest, readManifest } from '../../../src/inference/model/modelManifest.ts';
import { assertClose, rowsOf, someTokens } from './compare.ts';

const EMBEDDED_MODEL = 'models/pebble';
const BOUND = 1e-5;

describe('the embedded model in float32', () => {
  let folder = '';
  let manifest: ModelManifest;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'embedded-'));
    const target = join(folder, 'model');
    await importModel({ source: EMBEDDED_MODEL, target, quantization: 'f32' });
    manifest = await readManifest(target);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('gives the same logits on both backends at every position of a full context', async function () {
    this.timeout(120_000);
    const [native, wasm] = [await logits(createNativeBackend()), await logits(createWasmBackend())];
    assert.equal(native.length, manifest.architecture.maxPositions);
    native.forEach((row, position) => assertClose(wasm[position]!, row, BOUND));
  });

  async function logits(backend: Backend): Promise<Float32Array[]> {
    const model = await backend.load(join(folder, 'model'), manifest, { threads: 1 });
    const { maxPositions } = manifest.architecture;
    const sequence = new Sequence(model, maxPositions);
    const rows = rowsOf(
      await sequence.append(someTokens(manifest, maxPositions), maxPositions),
      maxPositions,
    );
    sequence.dispose();
    await model.dispose();
    return rows;
  }
});
