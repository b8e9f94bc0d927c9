import assert from 'node:assert/strict';
import { randomCheckpoint, type TinyConfig } from '../../support/checkpoints.ts';
import { relativeError } from '../../support/compareLogits.ts';
import { importedCheckpoint, importedTiny } from '../../support/importedCheckpoint.ts';
import { referenceForward, type Slip } from '../../support/referenceForward.ts';

/** float32 against float64: some 1e-6 is rounding. */
const TOLERANCE = 1e-5;
/** A mistake in the formula shows far above the tolerance. */
const NOTICEABLE = 10 * TOLERANCE;

const window = 8;
const tokens = Array.from({ length: 30 }, (_, i) => (i * 37 + 5) % 260);

/** One-shot logits of all positions equal the reference's; those of the reference with `slip` don't. */
async function agrees(tiny: TinyConfig, slip?: Slip): Promise<void> {
  await using model = await importedTiny(tiny);
  model.runner.reset();
  const logits = await model.runner.append(tokens, tokens.length);
  const error = relativeError(logits, referenceForward(model.checkpoint, tokens));
  assert.ok(error <= TOLERANCE, `relative error ${error}`);
  if (slip === undefined) return;
  const noticed = relativeError(logits, referenceForward(model.checkpoint, tokens, slip));
  assert.ok(noticed > NOTICEABLE, `${slip} would change the logits by ${noticed} only`);
}

const without = (config: Record<string, unknown>, ...keys: string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(config).filter(([key]) => !keys.includes(key)));

describe('An f32 import computes what Gemma 3 is defined as', () => {
  it('in one run over the whole prompt', () => agrees({}));
  it('with one key head for all query heads', () => agrees({ kvHeads: 1 }));
  it('with a key head for every query head', () => agrees({ kvHeads: 4 }));
  it('with global layers only', () => agrees({ pattern: 1 }));
  it('with local layers only', () => agrees({ pattern: 100 }));
  it('in a single layer', () => agrees({ layers: 1 }));

  describe('and avoids the known traps:', () => {
    it('norms multiply by 1 + weight', () => agrees({}, 'norm-by-weight'));
    it('gelu is the tanh approximation', () => agrees({ ffnSize: 256 }, 'exact-gelu'));
    it('a window of W sees the last W keys, its own included', () => agrees({ window }, 'window-plus-one'));
    it('the attention scale comes from query_pre_attn_scalar, not from head_dim', () =>
      agrees({ headDim: 32, queryPreAttentionScalar: 21 }, 'scale-by-head-dim'));
    it('heads · head_dim may be larger than the hidden size', () =>
      agrees({ hiddenSize: 64, heads: 4, headDim: 32 }));
    it('heads · head_dim may be smaller than the hidden size', () =>
      agrees({ hiddenSize: 160, heads: 4, headDim: 16 }));
    it('local and global layers rotate by different thetas', () =>
      agrees({ localTheta: 100, globalTheta: 10_000 }, 'one-theta'));
    it('global layers divide positions by the rope factor', () =>
      agrees({ globalFactor: 8, globalTheta: 100 }, 'no-rope-factor'));
    it('embedding rows beyond the tokenizer are kept', async () => {
      await using model = await importedTiny({ vocabSize: 384 });
      model.runner.reset();
      const [logits] = await model.runner.append([2, 383], 1);
      assert.equal(logits!.length, 384);
      const expected = referenceForward(model.checkpoint, [2, 383]).slice(-1);
      assert.ok(relativeError([logits!], expected) <= TOLERANCE);
    });
    it('keys and values come back even where nobody asks for them', async () => {
      await using model = await importedTiny();
      model.runner.reset();
      const logits = await model.runner.append(tokens, 1);
      assert.ok(logits[0]!.every(Number.isFinite));
      assert.equal(model.runner.length, tokens.length);
    });
  });

  describe('however the prompt is fed:', () => {
    it('token by token', async () => {
      await using model = await importedTiny();
      const expected = referenceForward(model.checkpoint, tokens);
      model.runner.reset();
      for (const [position, token] of tokens.entries()) {
        const logits = await model.runner.append([token], 1);
        const error = relativeError(logits, [expected[position]!]);
        assert.ok(error <= TOLERANCE, `position ${position}: ${error}`);
      }
    });

    it('in uneven chunks', async () => {
      await using model = await importedTiny();
      const expected = referenceForward(model.checkpoint, tokens);
      model.runner.reset();
      let end = 0;
      for (const size of [7, 1, 1, 9, 3, 8, 1]) {
        const chunk = tokens.slice(end, end + size);
        const logits = await model.runner.append(chunk, size);
        const error = relativeError(logits, expected.slice(end, end + size));
        assert.ok(error <= TOLERANCE, `chunk at ${end}: ${error}`);
        end += size;
      }
      assert.equal(end, tokens.length);
    });

    it('rewound and continued otherwise', async () => {
      await using model = await importedTiny();
      model.runner.reset();
      await model.runner.append(tokens, 1);
      for (const kept of [29, 17, window + 1, window, window - 1, 1, 0]) {
        const other = [200, 100, 50];
        model.runner.rewind(kept);
        const logits = await model.runner.append(other, other.length);
        const whole = referenceForward(model.checkpoint, [...tokens.slice(0, kept), ...other]);
        const error = relativeError(logits, whole.slice(-other.length));
        assert.ok(error <= TOLERANCE, `after keeping ${kept}: ${error}`);
        // Back to the first text for the next round.
        model.runner.rewind(kept);
        await model.runner.append(tokens.slice(kept), 1);
      }
    });

    for (const length of [window - 1, window, window + 1, window + 2, 2 * window + 1]) {
      it(`a prompt of ${length} tokens with a window of ${window}, and the token after it`, async () => {
        await using model = await importedTiny({ window });
        const expected = referenceForward(model.checkpoint, tokens.slice(0, length + 1));
        model.runner.reset();
        const prompt = await model.runner.append(tokens.slice(0, length), 1);
        assert.ok(relativeError(prompt, [expected[length - 1]!]) <= TOLERANCE);
        const next = await model.runner.append([tokens[length]!], 1);
        assert.ok(relativeError(next, [expected[length]!]) <= TOLERANCE);
      });
    }

    it('with the logits of any number of last rows', async () => {
      await using model = await importedTiny();
      const expected = referenceForward(model.checkpoint, tokens);
      for (let rows = 1; rows <= tokens.length; rows++) {
        model.runner.reset();
        const logits = await model.runner.append(tokens, rows);
        assert.ok(relativeError(logits, expected.slice(-rows)) <= TOLERANCE, `${rows} rows`);
      }
    });
  });

  describe('whichever way config.json spells it:', () => {
    const checkpoint = randomCheckpoint({ globalFactor: 8, globalTheta: 5_000, localTheta: 300 });
    const expected = referenceForward(checkpoint, tokens);
    const spells = (name: string, change: (config: Record<string, unknown>) => Record<string, unknown>) =>
      it(name, async () => {
        const respelled = { ...checkpoint, config: change(structuredClone(checkpoint.config)) };
        await using model = await importedCheckpoint(respelled);
        model.runner.reset();
        assert.ok(relativeError(await model.runner.append(tokens, tokens.length), expected) <= TOLERANCE);
      });

    spells('layer_types instead of sliding_window_pattern', (config) => ({
      ...without(config, 'sliding_window_pattern'),
      layer_types: ['sliding_attention', 'sliding_attention', 'full_attention'],
    }));
    spells('_sliding_window_pattern', (config) => ({
      ...without(config, 'sliding_window_pattern'),
      _sliding_window_pattern: config['sliding_window_pattern'],
    }));
    spells('rope_parameters for each kind of layer', (config) => ({
      ...without(config, 'rope_theta', 'rope_local_base_freq', 'rope_scaling'),
      rope_parameters: {
        full_attention: { rope_type: 'linear', rope_theta: 5_000, factor: 8 },
        sliding_attention: { rope_type: 'default', rope_theta: 300 },
      },
    }));
    spells('the text part of a gemma3 model', (config) => ({
      model_type: 'gemma3',
      architectures: ['Gemma3ForConditionalGeneration'],
      text_config: config,
      vision_config: { hidden_size: 1_152 },
    }));
  });
});
