import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'mocha';
import type { LoadedModel } from '../../../src/inference/backends/backend.ts';
import { createNativeBackend } from '../../../src/inference/backends/native.ts';
import { createWasmBackend } from '../../../src/inference/backends/wasm.ts';
import { CancelFlag } from '../../../src/inference/engine/cancelFlag.ts';
import { Decoder } from '../../../src/inference/engine/decoder.ts';
import { PromptLookup } from '../../../src/inference/engine/promptLookup.ts';
import { Sequence } from '../../../src/inference/kv/sequence.ts';
import { loadTokenizer } from '../../../src/inference/tokenizer/loadTokenizer.ts';
import type { Tokenizer } from '../../../src/inference/tokenizer/tokenizer.ts';
import { greedy } from '../../../src/inference/sampling/logits.ts';
import { type ImportedEmbeddedModel, importEmbeddedModel } from '../../support/embeddedModel.ts';

const TOKENS = 256;
/** The start of a list that repeats itself, which any language model goes on with. */
const repetitive = Array.from(
  { length: 12 },
  (_, i) => `  [${i}, 'name', { value: ${i}, next: null }],\n`,
).join('');

for (const backend of [createNativeBackend(), createWasmBackend()]) {
  describe(`decoding with guesses on ${backend.name}`, () => {
    let imported: ImportedEmbeddedModel;
    let model: LoadedModel;
    let tokenizer: Tokenizer;
    before(async () => {
      imported = await importEmbeddedModel('f32');
      model = await backend.load(imported.folder, imported.manifest, { threads: 1 });
      tokenizer = loadTokenizer(await readFile(imported.tokenizer));
    });
    after(async () => {
      await model.dispose();
      await imported.remove();
    });

    async function write(prompt: readonly number[], isGuessing: boolean): Promise<[number[], number]> {
      const turn = new CancelFlag();
      const sequence = new Sequence(model, prompt.length + TOKENS);
      let row = await sequence.append(prompt, 1, turn);
      const lookup = isGuessing ? new PromptLookup(prompt, backend.name, 'f32') : null;
      const decoder = new Decoder(sequence, row.length, lookup);
      const written: number[] = [];
      while (written.length < TOKENS) {
        const { token } = greedy(row, null);
        written.push(token);
        row = await decoder.next(token, turn);
      }
      decoder.settle();
      assert.deepEqual(sequence.tokens, [...prompt, ...written]);
      sequence.dispose();
      return [written, decoder.forwards];
    }

    it('writes the same 256 tokens in far fewer forwards where text repeats', async () => {
      const prompt = [tokenizer.bos, ...tokenizer.encode(repetitive)];
      const [expected, forwards] = await write(prompt, false);
      assert.equal(forwards, TOKENS);
      const [actual, fewer] = await write(prompt, true);
      assert.deepEqual(actual, expected);
      assert.ok(fewer < TOKENS / 2, `${fewer} forwards`);
    });

    it('writes the same tokens after any prompt', async () => {
      for (const text of ['function add(', '# Usage\n\n', 'const a = [1, 2, 3];\nconst b = [1, 2, 3];\n']) {
        const prompt = [tokenizer.bos, ...tokenizer.encode(text)];
        assert.deepEqual((await write(prompt, true))[0], (await write(prompt, false))[0]);
      }
    });
  });
}
