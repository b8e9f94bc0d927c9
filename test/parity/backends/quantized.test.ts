import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { Backend } from '../../../src/inference/backends/backend.ts';
import { createNativeBackend } from '../../../src/inference/backends/native.ts';
import { createWasmBackend } from '../../../src/inference/backends/wasm.ts';
import { assertClose, rowsOf, someTokens } from './compare.ts';
import { importTinyModel, type TinyModel } from './tinyModel.ts';

const LENGTH = 100;

/*
 * How far logits may move with the backend and with the way tokens are cut, relative to the largest logit:
 * - q4: the native library rounds activations to int8 row by row, WebAssembly keeps them in float32 (seen: 0.04)
 * - q8: both round activations to int8 with one scale for all rows of a forward, so the cut matters (seen: 0.16)
 */
const bounds = { q4: 0.06, q8: 0.2 } as const;

for (const quantization of ['q4', 'q8'] as const) {
  describe(`a tiny ${quantization} model`, () => {
    let tiny: TinyModel;
    let expected: Float32Array[];
    before(async () => {
      tiny = await importTinyModel(quantization, { kvHeads: 1 });
      expected = await logits(createWasmBackend(), tiny, LENGTH);
    });
    after(() => tiny.remove());

    for (const backend of [createNativeBackend(), createWasmBackend()]) {
      for (const chunk of [1, 16, 64, LENGTH]) {
        it(`keeps its logits on ${backend.name} in chunks of ${chunk}`, async () => {
          const actual = await logits(backend, tiny, chunk);
          actual.forEach((row, index) => assertClose(row, expected[index]!, bounds[quantization]));
        });
      }

      it(`repeats itself to the bit on ${backend.name}`, async () => {
        assert.deepEqual(await logits(backend, tiny, 16), await logits(backend, tiny, 16));
      });
    }
  });
}

/** Logits of every position, computed in chunks. */
async function logits(
  backend: Backend,
  { folder, manifest }: TinyModel,
  chunk: number,
): Promise<Float32Array[]> {
  const model = await backend.load(folder, manifest, { threads: 1 });
  const kv = model.createKvBuffer(LENGTH);
  const tokens = someTokens(manifest, LENGTH);
  const rows: Float32Array[] = [];
  for (let past = 0; past < LENGTH; past += chunk) {
    const part = tokens.slice(past, past + chunk);
    rows.push(...rowsOf(await model.forward(kv, past, part, part.length), part.length));
  }
  kv.dispose();
  await model.dispose();
  return rows;
}
