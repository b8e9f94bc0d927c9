import assert from 'node:assert/strict';
import { type RandomCheckpoint, randomCheckpoint } from '../../support/checkpoints.ts';
import { relativeError } from '../../support/compareLogits.ts';
import { type ImportedCheckpoint, importedCheckpoint } from '../../support/importedCheckpoint.ts';
import { referenceForward } from '../../support/referenceForward.ts';
import { tinyGeneration, tinyGenerationNames } from '../../support/tinyGenerations.ts';

/** float32 against float64: some 1e-6 is rounding. */
const TOLERANCE = 1e-5;

const window = 8;
const tokens = Array.from({ length: 30 }, (_, i) => (i * 37 + 5) % 260);

const without = (config: Record<string, unknown>, ...keys: string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(config).filter(([key]) => !keys.includes(key)));

/** One-shot logits of all positions equal the reference's. */
async function agrees(checkpoint: RandomCheckpoint): Promise<void> {
  await using model = await importedCheckpoint(checkpoint);
  model.runner.reset();
  assertClose(await model.runner.append(tokens, tokens.length), referenceForward(checkpoint, tokens));
}

function assertClose(actual: readonly Float32Array[], expected: readonly Float64Array[], what = ''): void {
  const error = relativeError(actual, expected);
  assert.ok(error <= TOLERANCE, `relative error ${error} ${what}`);
}

for (const name of tinyGenerationNames) {
  describe(`An f32 import computes what ${name} is defined as`, () => {
    const checkpoint = tinyGeneration(name);
    const expected = referenceForward(checkpoint, tokens);
    let model: ImportedCheckpoint;
    before(async () => {
      model = await importedCheckpoint(checkpoint);
    });
    after(() => model[Symbol.asyncDispose]());
    beforeEach(() => model.runner.reset());

    it('in one run over the whole prompt', async () => {
      assertClose(await model.runner.append(tokens, tokens.length), expected);
    });

    it('token by token', async () => {
      for (const [position, token] of tokens.entries()) {
        assertClose(await model.runner.append([token], 1), [expected[position]!], `at ${position}`);
      }
    });

    it('in uneven chunks', async () => {
      let end = 0;
      for (const size of [7, 1, 1, 9, 3, 8, 1]) {
        const chunk = tokens.slice(end, end + size);
        assertClose(await model.runner.append(chunk, size), expected.slice(end, end + size), `at ${end}`);
        end += size;
      }
      assert.equal(end, tokens.length);
    });

    it('rewound and continued otherwise', async () => {
      await model.runner.append(tokens, 1);
      for (const kept of [29, 17, window + 1, window, window - 1, 1, 0]) {
        const other = [200, 100, 50];
        model.runner.rewind(kept);
        const logits = await model.runner.append(other, other.length);
        const whole = referenceForward(checkpoint, [...tokens.slice(0, kept), ...other]);
        assertClose(logits, whole.slice(-other.length), `after keeping ${kept}`);
        // Back to the first text for the next round.
        model.runner.rewind(kept);
        await model.runner.append(tokens.slice(kept), 1);
      }
    });

    for (const length of [window - 1, window, window + 1, window + 2, 2 * window + 1]) {
      it(`a prompt of ${length} tokens with a window of ${window}, and the token after it`, async () => {
        assertClose(await model.runner.append(tokens.slice(0, length), 1), [expected[length - 1]!]);
        assertClose(await model.runner.append([tokens[length]!], 1), [expected[length]!]);
      });
    }

    it('with the logits of any number of last rows', async () => {
      for (let rows = 1; rows <= tokens.length; rows++) {
        model.runner.reset();
        assertClose(await model.runner.append(tokens, rows), expected.slice(-rows), `${rows} rows`);
      }
    });

    it('with the logits of any number of last rows behind others', async () => {
      for (let rows = 1; rows <= 9; rows++) {
        model.runner.rewind(0);
        await model.runner.append(tokens.slice(0, 21), 3);
        assertClose(await model.runner.append(tokens.slice(21), rows), expected.slice(-rows), `${rows} rows`);
      }
    });
  });
}

describe('An f32 import computes what Gemma 3 is defined as', () => {
  it('with one key head for all query heads', () => agrees(randomCheckpoint({ kvHeads: 1 })));
  it('with a key head for every query head', () => agrees(randomCheckpoint({ kvHeads: 4 })));
  it('with global layers only', () => agrees(randomCheckpoint({ pattern: 1 })));
  it('with local layers only', () => agrees(randomCheckpoint({ pattern: 100 })));
  it('in a single layer', () => agrees(randomCheckpoint({ layers: 1 })));
  it('with heads that are together larger than the hidden size', () =>
    agrees(randomCheckpoint({ hiddenSize: 64, heads: 4, headDim: 32 })));
  it('with heads that are together smaller than the hidden size', () =>
    agrees(randomCheckpoint({ hiddenSize: 160, heads: 4, headDim: 16 })));

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
