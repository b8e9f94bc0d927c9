import assert from 'node:assert/strict';
import { createWasmBackend } from '../../../src/inference/backends/wasm.ts';
import { readManifest } from '../../../src/inference/model/modelManifest.ts';
import { dequantizedCheckpoint } from '../../support/dequantize.ts';
import { importedCheckpoint } from '../../support/importedCheckpoint.ts';
import { readOnnx } from '../../support/onnxFile.ts';
import { Reference } from '../../support/referenceForward.ts';
import { talkative, tinyGenerationNames } from '../../support/tinyGenerations.ts';

const prompt = Array.from({ length: 20 }, (_, i) => (i * 37 + 5) % 260);
const COUNT = 64;

/** Index of the largest logit. */
function best(logits: Float32Array | Float64Array): number {
  let found = 0;
  for (let index = 1; index < logits.length; index++) if (logits[index]! > logits[found]!) found = index;
  return found;
}

/** `COUNT` tokens, each the likeliest after those before. */
async function greedy(
  append: (tokens: readonly number[]) => Promise<Float32Array | Float64Array>,
): Promise<number[]> {
  const tokens: number[] = [];
  let next = best(await append(prompt));
  while (tokens.push(next) < COUNT) next = best(await append([next]));
  return tokens;
}

for (const name of tinyGenerationNames) {
  describe(`The likeliest tokens of ${name} are those of the reference`, () => {
    const checkpoint = talkative(name);

    it('in full precision', async () => {
      await using model = await importedCheckpoint(checkpoint);
      model.runner.reset();
      const reference = new Reference(checkpoint);
      const expected = await greedy(async (tokens) => reference.append(tokens, 1)[0]!);
      assert.deepEqual(await greedy(async (tokens) => (await model.runner.append(tokens, 1))[0]!), expected);
      assert.ok(new Set(expected).size > COUNT / 4, 'a text of a few tokens shows nothing');
    });

    it('in q4, over the stored weights', async () => {
      await using model = await importedCheckpoint(checkpoint, 'q4');
      const reference = new Reference(dequantizedCheckpoint(await readOnnx(model.folder), checkpoint));
      const loaded = await createWasmBackend().load(model.folder, await readManifest(model.folder), {
        threads: 1,
      });
      const kv = loaded.createKvBuffer(prompt.length + COUNT);
      let past = 0;
      const actual = await greedy(async (tokens) => {
        const logits = await loaded.forward(kv, past, tokens, 1);
        past += tokens.length;
        return logits;
      });
      kv.dispose();
      await loaded.dispose();
      assert.deepEqual(actual, await greedy(async (tokens) => reference.append(tokens, 1)[0]!));
    });
  });
}
