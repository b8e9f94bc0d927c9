import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { Backend, KvBuffer, LoadedModel } from '../../../src/inference/backends/backend.ts';
import { createNativeBackend } from '../../../src/inference/backends/native.ts';
import { createWasmBackend } from '../../../src/inference/backends/wasm.ts';
import { loadOrtWasm, ortWasmFolder } from '../../../src/inference/backends/wasmModule.ts';
import { importTinyModel, type TinyModel } from './tinyModel.ts';
import { assertClose, rowsOf, someTokens } from './compare.ts';

/** float32 sums in another order differ by about 1e-6 of the largest logit here. */
const BOUND = 1e-5;
const LENGTH = 150;
const CAPACITY = 200;

const backends: Backend[] = [createNativeBackend(), createWasmBackend()];

for (const kvHeads of [1, 2]) {
  describe(`a tiny float32 model with ${kvHeads} KV head${kvHeads > 1 ? 's' : ''}`, () => {
    let tiny: TinyModel;
    let tokens: number[];
    /** Of every position, computed by the first backend in one forward. */
    let expected: Float32Array[];

    before(async () => {
      tiny = await importTinyModel('f32', { kvHeads });
      tokens = someTokens(tiny.manifest, LENGTH);
      const model = await backends[0]!.load(tiny.folder, tiny.manifest, { threads: 1 });
      const kv = model.createKvBuffer(LENGTH);
      expected = rowsOf(await model.forward(kv, 0, tokens, LENGTH), LENGTH);
      kv.dispose();
      await model.dispose();
    });
    after(() => tiny.remove());

    for (const backend of backends) {
      for (const threads of [1, 2]) {
        describe(`on ${backend.name} with ${threads} thread${threads > 1 ? 's' : ''}`, () => {
          let model: LoadedModel;
          let kv: KvBuffer;
          before(async () => {
            model = await backend.load(tiny.folder, tiny.manifest, { threads });
            kv = model.createKvBuffer(CAPACITY);
          });
          after(async () => {
            kv.dispose();
            await model.dispose();
          });

          for (const chunk of [1, 3, 16, 64, 128, LENGTH]) {
            it(`gives the same logits in chunks of ${chunk}`, async () => {
              for (let past = 0; past < LENGTH; past += chunk) {
                const part = tokens.slice(past, past + chunk);
                const rows = rowsOf(await model.forward(kv, past, part, part.length), part.length);
                rows.forEach((row, index) => assertClose(row, expected[past + index]!, BOUND));
              }
            });
          }

          it('returns only the last rows that were asked for', async () => {
            for (const rows of [1, 2, 149]) {
              const logits = rowsOf(await model.forward(kv, 0, tokens, rows), rows);
              logits.forEach((row, index) => assertClose(row, expected[LENGTH - rows + index]!, BOUND));
            }
          });

          it('goes on from a rewound position, over rows of another continuation', async () => {
            await model.forward(kv, 0, tokens, 1);
            for (const past of [149, 130, 128, 127, 65, 64, 63, 1]) {
              const other = tokens
                .slice(past)
                .map((token) => (token + 1) % tiny.manifest.architecture.vocabSize);
              await model.forward(kv, past, [...other, ...other.slice(0, 20)], 1);
              assertClose(await model.forward(kv, past, tokens.slice(past), 1), expected[LENGTH - 1]!, BOUND);
            }
          });

          it('continues in a copy and in the original, each for itself', async () => {
            for (const [length, capacity] of [
              [1, 10],
              [64, 150],
              [100, 180],
            ] as const) {
              await model.forward(kv, 0, tokens.slice(0, length), 1);
              const copy = model.createKvBuffer(capacity);
              kv.copyTo(copy, length);
              await model.forward(kv, length, [7, 7, 7], 1);
              const next = tokens.slice(length, Math.min(capacity, LENGTH));
              assertClose(
                await model.forward(copy, length, next, 1),
                expected[length + next.length - 1]!,
                BOUND,
              );
              assertClose(
                await model.forward(kv, length, next, 1),
                expected[length + next.length - 1]!,
                BOUND,
              );
              copy.dispose();
            }
          });

          it('fills a buffer to its last position and refuses one more', async () => {
            const exact = model.createKvBuffer(65);
            await model.forward(exact, 0, tokens.slice(0, 64), 1);
            assertClose(await model.forward(exact, 64, [tokens[64]!], 1), expected[64]!, BOUND);
            await assert.rejects(model.forward(exact, 65, [1], 1), RangeError);
            await assert.rejects(model.forward(exact, 0, tokens.slice(0, 66), 1), RangeError);
            exact.dispose();
          });

          it('keeps a second model and its buffers apart', async () => {
            const second = await backend.load(tiny.folder, tiny.manifest, { threads });
            const secondKv = second.createKvBuffer(CAPACITY);
            for (let past = 0; past < 30; past += 10) {
              const part = tokens.slice(past, past + 10);
              assertClose(await model.forward(kv, past, part, 1), expected[past + 9]!, BOUND);
              assertClose(await second.forward(secondKv, past, part, 1), expected[past + 9]!, BOUND);
            }
            secondKv.dispose();
            await second.dispose();
            assertClose(await model.forward(kv, 30, [tokens[30]!], 1), expected[30]!, BOUND);
          });
        });
      }
    }
  });
}

describe('the WebAssembly heap', () => {
  let tiny: TinyModel;
  before(async () => {
    tiny = await importTinyModel('f32', { kvHeads: 1 });
  });
  after(() => tiny.remove());

  it('may grow between two forwards', async () => {
    const ort = await loadOrtWasm(1, ortWasmFolder());
    const model = await createWasmBackend().load(tiny.folder, tiny.manifest, { threads: 1 });
    const tokens = someTokens(tiny.manifest, 40);
    const kv = model.createKvBuffer(40);
    const [expected] = rowsOf(await model.forward(kv, 0, tokens, 1), 1);
    const heapBytes = ort.HEAPU8.length;
    const others: KvBuffer[] = [];
    while (ort.HEAPU8.length === heapBytes)
      others.push(model.createKvBuffer(tiny.manifest.architecture.maxPositions));

    const copy = model.createKvBuffer(40);
    kv.copyTo(copy, 20);
    assertClose(await model.forward(copy, 20, tokens.slice(20), 1), expected!, BOUND);
    assertClose(await model.forward(kv, 20, tokens.slice(20), 1), expected!, BOUND);
    for (const buffer of [kv, copy, ...others]) buffer.dispose();
    await model.dispose();
  });

  it('does not grow with models that come and go', async function () {
    this.timeout(30_000);
    const ort = await loadOrtWasm(1, ortWasmFolder());
    const tokens = someTokens(tiny.manifest, 40);
    async function comeAndGo(): Promise<void> {
      const model = await createWasmBackend().load(tiny.folder, tiny.manifest, { threads: 1 });
      const kv = model.createKvBuffer(tiny.manifest.architecture.maxPositions);
      await model.forward(kv, 0, tokens, 40);
      kv.dispose();
      await model.dispose();
    }
    await comeAndGo();
    const heapBytes = ort.HEAPU8.length;
    for (let i = 0; i < 10; i++) await comeAndGo();
    assert.equal(ort.HEAPU8.length, heapBytes);
  });

  it('says when it is full, and serves again once buffers are freed', async function () {
    this.timeout(60_000);
    const model = await createWasmBackend().load(tiny.folder, tiny.manifest, { threads: 1 });
    const buffers: KvBuffer[] = [];
    function fill(): never {
      // 4 GiB hold fewer than 2,000 of these.
      for (let i = 0; i < 2_000; i++)
        buffers.push(model.createKvBuffer(tiny.manifest.architecture.maxPositions));
      throw new Error('the heap has no end');
    }
    assert.throws(fill, { code: 'out-of-memory' });

    for (const buffer of buffers.splice(0)) buffer.dispose();
    const kv = model.createKvBuffer(40);
    assert.equal((await model.forward(kv, 0, someTokens(tiny.manifest, 40), 1)).length, 320);
    kv.dispose();
    await model.dispose();
  });
});
