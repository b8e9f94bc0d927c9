import assert from 'node:assert/strict';
import { createWasmBackend } from '../../../src/inference/backends/wasm.ts';
import { readManifest } from '../../../src/inference/model/modelManifest.ts';
import { relativeError, smallestCosine } from '../../support/compareLogits.ts';
import { dequantizedCheckpoint } from '../../support/dequantize.ts';
import { type ImportedCheckpoint, importedTiny } from '../../support/importedCheckpoint.ts';
import { readOnnx } from '../../support/onnxFile.ts';
import { dynamicallyQuantized, referenceForward } from '../../support/referenceForward.ts';

const tokens = Array.from({ length: 24 }, (_, i) => (i * 37 + 5) % 260);
const sizes = [{}, { hiddenSize: 128, ffnSize: 256, headDim: 64, kvHeads: 1 }, { layers: 6, window: 5 }];

/** The reference over the weights that the import really holds. */
async function overStoredWeights(model: ImportedCheckpoint, seen?: (x: Float64Array) => Float64Array) {
  const stored = dequantizedCheckpoint(await readOnnx(model.folder), model.checkpoint);
  return referenceForward(stored, tokens, undefined, seen);
}

async function throughWasm(folder: string): Promise<Float32Array[]> {
  const manifest = await readManifest(folder);
  const model = await createWasmBackend().load(folder, manifest, { threads: 1 });
  const kv = model.createKvBuffer(tokens.length);
  const logits = (await model.forward(kv, 0, tokens, tokens.length)).slice();
  kv.dispose();
  await model.dispose();
  const width = manifest.architecture.vocabSize;
  return tokens.map((_, row) => logits.subarray(row * width, (row + 1) * width));
}

async function tokenByToken({ runner }: ImportedCheckpoint): Promise<Float32Array[]> {
  const logits: Float32Array[] = [];
  runner.reset();
  for (const token of tokens) logits.push(...(await runner.append([token], 1)));
  return logits;
}

for (const size of sizes) {
  describe(`A quantized import with ${JSON.stringify(size)}`, () => {
    it('q4: is exact over its stored weights where activations stay float32 (WebAssembly)', async () => {
      await using model = await importedTiny(size, 'q4');
      const error = relativeError(await throughWasm(model.folder), await overStoredWeights(model));
      assert.ok(error <= 1e-5, `relative error ${error}`);
    });

    it('q4: stays close to them where activations are int8 (native)', async () => {
      await using model = await importedTiny(size, 'q4');
      const expected = await overStoredWeights(model);
      model.runner.reset();
      const whole = await model.runner.append(tokens, tokens.length);
      for (const logits of [whole, await tokenByToken(model)]) {
        const cosine = smallestCosine(logits, expected);
        assert.ok(cosine >= 0.999, `cosine ${cosine}`);
      }
    });

    it('q8: is what stored weights and 8-bit activations give, token by token', async () => {
      await using model = await importedTiny(size, 'q8');
      const expected = await overStoredWeights(model, dynamicallyQuantized);
      // Not a relative error: an activation between two codes may round the other way in float32, once in a while.
      const cosine = smallestCosine(await tokenByToken(model), expected);
      assert.ok(cosine >= 0.9999, `cosine ${cosine}`);
    });

    it('q8: stays close to the full-precision model, also where a whole prompt shares its steps', async () => {
      await using model = await importedTiny(size, 'q8');
      const expected = referenceForward(model.checkpoint, tokens);
      model.runner.reset();
      const whole = await model.runner.append(tokens, tokens.length);
      for (const logits of [whole, await throughWasm(model.folder), await tokenByToken(model)]) {
        const cosine = smallestCosine(logits, expected);
        assert.ok(cosine >= 0.995, `cosine ${cosine}`);
      }
    });
  });
}

describe('A q8 import whose head is split by vocabulary', () => {
  it('finds embedding and logits of rows in every part', async () => {
    // Two parts: 65,536 rows and 64.
    await using model = await importedTiny(
      { vocabSize: 65_600, layers: 1, hiddenSize: 32, ffnSize: 32 },
      'q8',
    );
    const ids = [2, 65_535, 65_536, 65_599, 300];
    const stored = dequantizedCheckpoint(await readOnnx(model.folder), model.checkpoint);
    const expected = referenceForward(stored, ids, undefined, dynamicallyQuantized);
    model.runner.reset();
    for (const [position, id] of ids.entries()) {
      const error = relativeError(await model.runner.append([id], 1), [expected[position]!]);
      assert.ok(error <= 1e-5, `position ${position}: ${error}`);
    }
  });
});
