import assert from 'node:assert/strict';
import { type RandomCheckpoint, randomCheckpoint } from '../../support/checkpoints.ts';
import { relativeError } from '../../support/compareLogits.ts';
import { importedCheckpoint, importedTiny } from '../../support/importedCheckpoint.ts';
import { referenceForward, type Slip } from '../../support/referenceForward.ts';
import { tinyGeneration } from '../../support/tinyGenerations.ts';

const TOLERANCE = 1e-5;
/** A mistake in the formula shows far above the tolerance. */
const NOTICEABLE = 10 * TOLERANCE;

const tokens = Array.from({ length: 30 }, (_, i) => (i * 37 + 5) % 260);

/** The import agrees with the reference, and doesn't with the reference that makes the mistake. */
const trap = (name: string, slip: Slip, ...checkpoints: readonly RandomCheckpoint[]): void => {
  it(name, async () => {
    for (const checkpoint of checkpoints) {
      await using model = await importedCheckpoint(checkpoint);
      model.runner.reset();
      const logits = await model.runner.append(tokens, tokens.length);
      const error = relativeError(logits, referenceForward(checkpoint, tokens));
      assert.ok(error <= TOLERANCE, `relative error ${error}`);
      const noticed = relativeError(logits, referenceForward(checkpoint, tokens, slip));
      assert.ok(noticed > NOTICEABLE, `the mistake would change the logits by ${noticed} only`);
    }
  });
};

const gemma1 = tinyGeneration('Gemma 1');
const gemma2 = tinyGeneration('Gemma 2');
const gemma3 = tinyGeneration('Gemma 3');
const shared = tinyGeneration('Gemma 4 with shared keys and inputs of the layers');
const fromKeys = tinyGeneration('Gemma 4 with values from keys');

describe('The graph of an import avoids the known traps:', () => {
  trap('Gemma 1 to 3: norms multiply by 1 + weight', 'other-norm', gemma1, gemma2, gemma3);
  trap('Gemma 4: norms multiply by the weight itself', 'other-norm', shared, fromKeys);
  trap(
    'embeddings are scaled by the exact root of the hidden size (3,072: 55.43, in bfloat16 55.5)',
    'rounded-embedding-scale',
    tinyGeneration('Gemma 1', { hidden_size: 96 }),
    tinyGeneration('Gemma 2', { hidden_size: 96 }),
    randomCheckpoint({ hiddenSize: 96 }),
    tinyGeneration('Gemma 4 with values from keys', { hidden_size: 96 }),
  );
  trap(
    'gelu is the tanh approximation, also where config.json says "gelu"',
    'exact-gelu',
    tinyGeneration('Gemma 1', { hidden_act: 'gelu', intermediate_size: 256 }),
    tinyGeneration('Gemma 1', { hidden_act: 'gelu', hidden_activation: null, intermediate_size: 256 }),
    gemma2,
    randomCheckpoint({ ffnSize: 256 }),
    shared,
  );
  trap(
    'Gemma 1: post_attention_layernorm is the norm before the feed-forward network',
    'norm-where-it-is-called',
    gemma1,
  );
  trap('Gemma 2: even layers are the local ones', 'odd-layers-local', gemma2);
  trap(
    'a window of W sees the last W keys, its own included',
    'window-plus-one',
    gemma2,
    gemma3,
    shared,
    fromKeys,
  );
  trap('Gemma 2: scores are capped, before the softmax', 'no-attention-cap', gemma2);
  trap('Gemma 2 and 4: logits are capped', 'no-logit-cap', gemma2, shared, fromKeys);
  trap(
    'Gemma 2 and 3: the attention scale comes from query_pre_attn_scalar (144, 168), not from head_dim (128)',
    'scale-by-head-dim',
    tinyGeneration('Gemma 2', { head_dim: 128, query_pre_attn_scalar: 144 }),
    randomCheckpoint({ headDim: 128, queryPreAttentionScalar: 168 }),
  );
  trap('Gemma 4: scores are not scaled', 'scale-by-head-dim', shared, fromKeys);
  trap(
    'Gemma 3 and 4: local and global layers rotate by different thetas',
    'one-theta',
    randomCheckpoint({ localTheta: 100, globalTheta: 10_000 }),
    shared,
    fromKeys,
  );
  trap(
    'Gemma 3: global layers divide positions by the rope factor',
    'no-rope-factor',
    randomCheckpoint({ globalFactor: 8, globalTheta: 100 }),
  );
  trap(
    'Gemma 4: of global heads only the fastest quarter of the pairs rotates',
    'rotate-all-pairs',
    shared,
    fromKeys,
  );
  trap(
    'Gemma 4: these pairs lie over the whole head, not in its first dimensions',
    'rotate-first-dimensions',
    shared,
    fromKeys,
  );
  trap('Gemma 4: values are normed', 'values-not-normed', shared, fromKeys);
  trap('Gemma 4: values from keys are those before norm and rotation', 'values-from-normed-keys', fromKeys);
  trap('Gemma 4: each layer has a scalar', 'no-layer-scalar', shared, fromKeys);
  trap('Gemma 4: each layer has a table of its own', 'no-table-of-the-layers', shared);
  trap('Gemma 4: sharing layers read the last ones that share their kind', 'share-in-order', shared);

  it('embedding rows beyond the tokenizer are kept', async () => {
    await using model = await importedTiny({ vocabSize: 384 });
    model.runner.reset();
    const [logits] = await model.runner.append([2, 383], 1);
    assert.equal(logits!.length, 384);
    const expected = referenceForward(model.checkpoint, [2, 383]).slice(-1);
    assert.ok(relativeError([logits!], expected) <= TOLERANCE);
  });

  it('keys and values come back even where nobody asks for them', async () => {
    for (const checkpoint of [gemma3, shared]) {
      await using model = await importedCheckpoint(checkpoint);
      model.runner.reset();
      const logits = await model.runner.append(tokens, 1);
      assert.ok(logits[0]!.every(Number.isFinite));
      assert.equal(model.runner.length, tokens.length);
    }
  });
});
