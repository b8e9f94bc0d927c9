import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { importedCheckpoint, type ImportedCheckpoint } from '../../support/importedCheckpoint.ts';
import { writeGguf } from '../../support/llamaCpp/gguf.ts';
import { LlamaCpp } from '../../support/llamaCpp/llamaCpp.ts';
import { talkative, type TinyGeneration } from '../../support/tinyGenerations.ts';

/** More than twice the window of the local layers, which is 8. */
const prompt = Array.from({ length: 20 }, (_, i) => (i * 37 + 5) % 260);
const COUNT = 64;

/**
 * llama.cpp computes in float32 here, but for gelu: it looks that up by its argument in float16. Exact formulas differ
 * from it by at most 3e-4 on these models, wrong ones by 1e-2 and more.
 */
const LARGEST_DIFFERENCE = 1e-3;

/** It takes the scale of the scores from the size of a head, and Gemma 3's order of local and global layers as given. */
const kinds: [TinyGeneration, Record<string, unknown>][] = [
  ['Gemma 1', {}],
  ['Gemma 1 with a key head for every query head', {}],
  ['Gemma 2', { query_pre_attn_scalar: 32 }],
  ['Gemma 3', { query_pre_attn_scalar: 32, num_hidden_layers: 7, sliding_window_pattern: 6 }],
];

for (const [name, changes] of kinds) {
  describe(`${name} in llama.cpp`, () => {
    const checkpoint = talkative(name, changes);
    let model: ImportedCheckpoint;
    let oracle: LlamaCpp;
    before(async () => {
      model = await importedCheckpoint(checkpoint);
      const gguf = join(model.folder, 'model.gguf');
      await writeGguf(gguf, checkpoint, { body: 'F32', embedding: 'F32' });
      oracle = await LlamaCpp.open(gguf, 256);
    });
    after(async () => {
      await oracle[Symbol.asyncDispose]();
      await model[Symbol.asyncDispose]();
    });

    it('gives every token the same probability, far beyond the window, and writes the same text', async () => {
      model.runner.reset();
      const rows = (await model.runner.append(prompt, prompt.length)).map(softmax);
      const text = [...prompt];
      while (text.length < prompt.length + COUNT) {
        const next = likeliest(rows.at(-1)!);
        text.push(next);
        rows.push(...(await model.runner.append([next], 1)).map(softmax));
      }
      const expected = await oracle.probabilities(text);
      assert.equal(expected.length, rows.length);
      for (const [position, row] of rows.entries()) {
        const difference = Math.max(
          ...row.map((value, token) => Math.abs(value - expected[position]![token]!)),
        );
        assert.ok(difference <= LARGEST_DIFFERENCE, `${difference} at position ${position}`);
      }
      const written = expected.slice(prompt.length - 1, -1).map(likeliest);
      assert.deepEqual(written, text.slice(prompt.length));
      assert.ok(new Set(written).size > COUNT / 4, 'a text of a few tokens shows nothing');
    });
  });
}

function softmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const weights = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

function likeliest(row: Float64Array): number {
  return row.indexOf(row.reduce((a, b) => Math.max(a, b)));
}
