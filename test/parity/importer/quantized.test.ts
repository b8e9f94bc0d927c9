import assert from 'node:assert/strict';
import { createWasmBackend } from '../../../src/inference/backends/wasm.ts';
import { readManifest } from '../../../src/inference/model/modelManifest.ts';
import { type RandomCheckpoint, randomCheckpoint } from '../../support/checkpoints.ts';
import { relativeError, smallestCosine } from '../../support/compareLogits.ts';
import { dequantizedCheckpoint } from '../../support/dequantize.ts';
import {
  type ImportedCheckpoint,
  importedCheckpoint,
  importedTiny,
} from '../../support/importedCheckpoint.ts';
import { readOnnx } from '../../support/onnxFile.ts';
import { blockQuantized, dynamicallyQuantized, referenceForward } from '../../support/referenceForward.ts';
import { tinyGeneration, tinyGenerationNames } from '../../support/tinyGenerations.ts';

const tokens = Array.from({ length: 24 }, (_, i) => (i * 37 + 5) % 260);
const models: Readonly<Record<string, RandomCheckpoint>> = {
  ...Object.fromEntries(tinyGenerationNames.map((name) => [name, tinyGeneration(name)])),
  'Gemma 3 with a single key head': randomCheckpoint({
    hiddenSize: 128,
    ffnSize: 256,
    headDim: 64,
    kvHeads: 1,
  }),
  'Gemma 3 with more layers': randomCheckpoint({ layers: 6, window: 5 }),
};

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

async function tokenByToken(
  { runner }: ImportedCheckpoint,
  text: readonly number[] = tokens,
): Promise<Float32Array[]> {
  const logits: Float32Array[] = [];
  runner.reset();
  for (const token of text) logits.push(...(await runner.append([token], 1)));
  return logits;
}

/**
 * The import computes what a reference computes that quantizes its activations as the runtime does. An activation between
 * two codes may round the other way in float32, once in a while, and all that follows then differs by the noise of
 * rounding: most short texts agree to the last digits, and a longer one as far as that noise goes.
 */
async function computesSteps(model: ImportedCheckpoint, seen: (x: Float64Array) => Float64Array) {
  const stored = dequantizedCheckpoint(await readOnnx(model.folder), model.checkpoint);
  const cosines: number[] = [];
  for (let start = 0; start < tokens.length; start += 3) {
    const text = tokens.slice(start, start + 3);
    const expected = referenceForward(stored, text, undefined, seen);
    cosines.push(smallestCosine(await tokenByToken(model, text), expected));
  }
  const median = cosines.toSorted((a, b) => a - b)[cosines.length >> 1]!;
  assert.ok(median >= 0.9999, `median cosine ${median}`);
  const whole = referenceForward(stored, tokens, undefined, seen);
  const smallest = smallestCosine(await tokenByToken(model, tokens), whole);
  assert.ok(smallest >= 0.999, `cosine ${smallest}`);
}

for (const [name, checkpoint] of Object.entries(models)) {
  describe(`A quantized import of ${name}`, () => {
    it('q4: is exact over its stored weights where activations stay float32 (WebAssembly)', async () => {
      await using model = await importedCheckpoint(checkpoint, 'q4');
      const error = relativeError(await throughWasm(model.folder), await overStoredWeights(model));
      assert.ok(error <= 1e-5, `relative error ${error}`);
    });

    it('q4: is what stored weights and int8 activations give, token by token (native)', async () => {
      await using model = await importedCheckpoint(checkpoint, 'q4');
      await computesSteps(model, blockQuantized);
    });

    it('q4: is that also where a whole prompt is run (native)', async () => {
      await using model = await importedCheckpoint(checkpoint, 'q4');
      model.runner.reset();
      const whole = await model.runner.append(tokens, tokens.length);
      const cosine = smallestCosine(whole, await overStoredWeights(model, blockQuantized));
      assert.ok(cosine >= 0.999, `cosine ${cosine}`);
    });

    it('q8: is what stored weights and 8-bit activations give, token by token', async () => {
      await using model = await importedCheckpoint(checkpoint, 'q8');
      await computesSteps(model, dynamicallyQuantized);
    });

    it('q8: stays close to the full-precision model, also where a whole prompt shares its steps', async () => {
      await using model = await importedCheckpoint(checkpoint, 'q8');
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
