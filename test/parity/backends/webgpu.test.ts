import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'mocha';
import type { Backend, KvBuffer, LoadedModel } from '../../../src/inference/backends/backend.ts';
import { createNativeBackend } from '../../../src/inference/backends/native.ts';
import { createWasmBackend } from '../../../src/inference/backends/wasm.ts';
import { probeBackends } from '../../../src/inference/backends/probe.ts';
import { createWebGpuBackend } from '../../../src/inference/backends/webgpu/nativeBackend.ts';
import { partWidths } from '../../../src/inference/model/graphInterface.ts';
import { readManifest } from '../../../src/inference/model/modelManifest.ts';
import { loadTokenizer } from '../../../src/inference/tokenizer/loadTokenizer.ts';
import { relativeError } from '../../support/compareLogits.ts';
import { importEmbeddedModel, type ImportedEmbeddedModel } from '../../support/embeddedModel.ts';
import { type ImportedCheckpoint, importedCheckpoint } from '../../support/importedCheckpoint.ts';
import { referenceForward } from '../../support/referenceForward.ts';
import { useSoftwareAdapter } from '../../support/softwareAdapter.ts';
import { tinyGeneration, tinyGenerationNames } from '../../support/tinyGenerations.ts';
import { rowsOf } from './compare.ts';

/** float32 against float64: sums in another order, a shader's own exp and tanh. */
const TOLERANCE = 1e-5;
/** Far beyond the windows of 8, and beyond 32 rows, from which on many shaders are others. */
const LENGTH = 70;

/** Both round activations to int8, in other places; see quantized.test.ts. */
const Q4_TOLERANCE = 0.06;
/** Tokens that the embedded model writes. */
const WRITTEN = 24;

const backend = createWebGpuBackend();
const tokens = Array.from({ length: LENGTH }, (_, i) => (i * 79 + 13) % 320);
const other = tokens.map((token) => (token + 1) % 320);

function assertClose(actual: Float32Array, rows: number, expected: readonly Float64Array[]): void {
  const error = relativeError(rowsOf(actual, rows), expected);
  assert.ok(error <= TOLERANCE, `relative error ${error}`);
}

describe('WebGPU', () => {
  before(useSoftwareAdapter);

  for (const name of tinyGenerationNames) {
    describe(name, () => {
      const checkpoint = tinyGeneration(name);
      let imported: ImportedCheckpoint;
      let expected: Float64Array[];
      before(async () => {
        imported = await importedCheckpoint(checkpoint);
        expected = referenceForward(checkpoint, tokens);
      });
      after(() => imported[Symbol.asyncDispose]());

      let model: LoadedModel;
      let kv: KvBuffer;
      before(async () => {
        model = await backend.load(imported.folder, await readManifest(imported.folder), { threads: 1 });
        kv = model.createKvBuffer(LENGTH);
      });
      after(async () => {
        kv.dispose();
        await model.dispose();
      });

      it('gives the logits of the reference in one piece and in chunks', async () => {
        for (const chunk of [LENGTH, 33]) {
          for (let past = 0; past < LENGTH; past += chunk) {
            const part = tokens.slice(past, past + chunk);
            const logits = await model.forward(kv, past, part, part.length);
            assertClose(logits, part.length, expected.slice(past, past + part.length));
          }
        }
      });

      it('gives them token by token, over the edge of the window', async () => {
        for (const [past, token] of tokens.slice(0, 10).entries()) {
          assertClose(await model.forward(kv, past, [token], 1), 1, expected.slice(past, past + 1));
        }
      });

      it('goes on from a rewound position, over rows of another continuation', async () => {
        await model.forward(kv, 0, tokens, 1);
        for (const past of [69, 8, 1]) {
          await model.forward(kv, past, other.slice(past), 1);
          assertClose(await model.forward(kv, past, tokens.slice(past), 1), 1, expected.slice(-1));
        }
      });

      it('leaves rows beyond those that it computes as they were', async () => {
        await model.forward(kv, 0, tokens.slice(0, 50), 1);
        await model.forward(kv, 20, tokens.slice(20, 22), 1);
        assertClose(await model.forward(kv, 50, tokens.slice(50), 1), 1, expected.slice(-1));
      });

      it('continues in a copy of any size and in the original, each for itself', async () => {
        for (const length of [1, 40]) {
          await model.forward(kv, 0, tokens.slice(0, 60), 1);
          const copy = model.createKvBuffer(length + 2);
          kv.copyTo(copy, length);
          await model.forward(kv, length, other.slice(length), 1);
          for (const buffer of [copy, kv]) {
            const logits = await model.forward(buffer, length, tokens.slice(length, length + 2), 2);
            assertClose(logits, 2, expected.slice(length, length + 2));
          }
          copy.dispose();
          assertClose(await model.forward(kv, length, tokens.slice(length), 1), 1, expected.slice(-1));
        }
      });

      it('goes on from rows that were read out and written into another buffer', async () => {
        await model.forward(kv, 0, tokens.slice(0, 40), 1);
        const restored = model.createKvBuffer(LENGTH);
        for (const part of partWidths(model.manifest.architecture).keys()) {
          restored.writePart(part, await kv.readPart(part, 40));
        }
        assertClose(await model.forward(restored, 40, tokens.slice(40), 1), 1, expected.slice(-1));
        restored.dispose();
      });

      it('refuses more than a buffer holds', async () => {
        const small = model.createKvBuffer(3);
        await assert.rejects(model.forward(small, 0, tokens.slice(0, 4), 1), RangeError);
        await assert.rejects(small.readPart(0, 4), RangeError);
        const [width] = partWidths(model.manifest.architecture);
        assert.throws(() => small.writePart(0, new Float32Array(4 * width!)), RangeError);
        small.dispose();
      });
    });
  }

  describe('with the embedded model', () => {
    const code = 'def mean(values):\n    """The average."""\n    total = sum(values)\n    ';
    let models: Record<'f32' | 'q4', ImportedEmbeddedModel>;
    let prompt: number[];
    before(async () => {
      models = { f32: await importEmbeddedModel('f32'), q4: await importEmbeddedModel('q4') };
      prompt = loadTokenizer(await readFile(models.f32.tokenizer)).encode(code);
    });
    after(async () => {
      for (const model of Object.values(models)) await model.remove();
    });

    it('writes the same text as WebAssembly', async () => {
      const written = await greedy(backend, models.f32, prompt);
      assert.deepEqual(written, await greedy(createWasmBackend(), models.f32, prompt));
      assert.ok(new Set(written).size > 7, 'a text of a few tokens shows nothing');
    });

    it('gives the same logits in q4, but for the rounding of activations', async () => {
      const expected = await logitsOf(createWasmBackend(), models.q4, prompt);
      const error = relativeError(
        rowsOf(await logitsOf(backend, models.q4, prompt), prompt.length),
        rowsOf(expected, prompt.length),
      );
      assert.ok(error <= Q4_TOLERANCE, `relative error ${error}`);
    });
  });

  it('passes the probe, and is never chosen unasked', async () => {
    const candidates = [createWebGpuBackend(), createNativeBackend()];
    assert.equal((await probeBackends('webgpu', { candidates })).name, 'webgpu');
    assert.equal((await probeBackends('auto', { candidates })).name, 'native');
  });
});

/** Of every token. */
async function logitsOf(
  runner: Backend,
  { folder, manifest }: ImportedEmbeddedModel,
  prompt: readonly number[],
): Promise<Float32Array> {
  const model = await runner.load(folder, manifest, { threads: 1 });
  const kv = model.createKvBuffer(prompt.length);
  const logits = (await model.forward(kv, 0, prompt, prompt.length)).slice();
  kv.dispose();
  await model.dispose();
  return logits;
}

/** Tokens, each the likeliest after those before. */
async function greedy(
  runner: Backend,
  { folder, manifest }: ImportedEmbeddedModel,
  prompt: readonly number[],
): Promise<number[]> {
  const model = await runner.load(folder, manifest, { threads: 1 });
  const kv = model.createKvBuffer(prompt.length + WRITTEN);
  const written: number[] = [];
  let next = prompt;
  let past = 0;
  while (written.length < WRITTEN) {
    const logits = await model.forward(kv, past, next, 1);
    past += next.length;
    next = [logits.indexOf(Math.max(...logits))];
    written.push(...next);
  }
  kv.dispose();
  await model.dispose();
  return written;
}
