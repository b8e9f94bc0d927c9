import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { Backend, KvBuffer, LoadedModel } from '../../../src/inference/backends/backend.ts';
import { createNativeBackend } from '../../../src/inference/backends/native.ts';
import { createWasmBackend } from '../../../src/inference/backends/wasm.ts';
import { readManifest } from '../../../src/inference/model/modelManifest.ts';
import { relativeError } from '../../support/compareLogits.ts';
import { type ImportedCheckpoint, importedCheckpoint } from '../../support/importedCheckpoint.ts';
import { referenceForward } from '../../support/referenceForward.ts';
import { tinyGeneration, tinyGenerationNames } from '../../support/tinyGenerations.ts';
import { rowsOf } from './compare.ts';

const TOLERANCE = 1e-5;
const LENGTH = 150;

const backends: Backend[] = [createNativeBackend(), createWasmBackend()];
const tokens = Array.from({ length: LENGTH }, (_, i) => (i * 79 + 13) % 320);
const other = tokens.map((token) => (token + 1) % 320);

function assertClose(actual: Float32Array, rows: number, expected: readonly Float64Array[]): void {
  const error = relativeError(rowsOf(actual, rows), expected);
  assert.ok(error <= TOLERANCE, `relative error ${error}`);
}

for (const name of tinyGenerationNames) {
  describe(`A KV buffer of ${name}`, () => {
    const checkpoint = tinyGeneration(name);
    let imported: ImportedCheckpoint;
    let expected: Float64Array[];
    before(async () => {
      imported = await importedCheckpoint(checkpoint);
      expected = referenceForward(checkpoint, tokens);
    });
    after(() => imported[Symbol.asyncDispose]());

    for (const backend of backends) {
      describe(`on ${backend.name}`, () => {
        let model: LoadedModel;
        let kv: KvBuffer;
        before(async () => {
          const manifest = await readManifest(imported.folder);
          model = await backend.load(imported.folder, manifest, { threads: 1 });
          kv = model.createKvBuffer(LENGTH + 10);
        });
        after(async () => {
          kv.dispose();
          await model.dispose();
        });

        for (const chunk of [1, 16, 64, 128]) {
          it(`gives the logits of the reference in chunks of ${chunk}`, async () => {
            for (let past = 0; past < LENGTH; past += chunk) {
              const part = tokens.slice(past, past + chunk);
              const logits = await model.forward(kv, past, part, part.length);
              assertClose(logits, part.length, expected.slice(past, past + part.length));
            }
          });
        }

        it('goes on from a rewound position, over rows of another continuation', async () => {
          await model.forward(kv, 0, tokens, 1);
          for (const past of [149, 100, 65, 9, 8, 7, 1]) {
            await model.forward(kv, past, other.slice(past), 1);
            const logits = await model.forward(kv, past, tokens.slice(past), 1);
            assertClose(logits, 1, expected.slice(-1));
          }
        });

        it('continues in a copy and in the original, each for itself', async () => {
          for (const length of [1, 8, 100]) {
            await model.forward(kv, 0, tokens.slice(0, length), 1);
            const copy = model.createKvBuffer(LENGTH);
            kv.copyTo(copy, length);
            await model.forward(kv, length, other.slice(length), 1);
            for (const buffer of [copy, kv]) {
              const logits = await model.forward(buffer, length, tokens.slice(length), 2);
              assertClose(logits, 2, expected.slice(-2));
            }
            copy.dispose();
          }
        });
      });
    }
  });
}
