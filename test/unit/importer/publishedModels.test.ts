import assert from 'node:assert/strict';
import { checkpointTensors } from '../../../src/inference/importer/checkpointTensors.ts';
import type { Architecture, LayerAttention } from '../../../src/inference/model/architecture.ts';
import { kvBytes } from '../../../src/inference/model/graphInterface.ts';
import { readArchitecture } from '../../../src/inference/model/readArchitecture.ts';
import { publishedConfigs, type PublishedModel } from '../../support/publishedConfigs.ts';

/** The table of a model card. */
interface Card {
  readonly generation: string;
  /** Of the text model, in the checkpoint. */
  readonly parameters: number;
  readonly layers: number;
  readonly hidden: number;
  /** Distinct widths, in the order of the layers. */
  readonly ffn: readonly number[];
  readonly heads: number;
  readonly vocab: number;
  readonly positions: number;
  readonly scalar: number;
  /** Layers with a window, and without one; null: there are none. */
  readonly local: Partial<LayerAttention> | null;
  readonly global: Partial<LayerAttention>;
  /** Layer by layer: l(ocal), g(lobal), upper case when it reads the keys of an earlier one. */
  readonly pattern: string;
  /** Keys and values of a position in float32. */
  readonly kvBytes: number;
}

const full = { window: null, ropeFactor: 1, kvFrom: null, valuesFromKeys: false };
const gemma1 = {
  generation: 'gemma',
  vocab: 256_000,
  positions: 8_192,
  scalar: 256,
  local: null,
};
const small1: Card = {
  ...gemma1,
  parameters: 2_506_172_416,
  layers: 18,
  hidden: 2_048,
  ffn: [16_384],
  heads: 8,
  global: { ...full, kvHeads: 1, headDim: 256, ropeTheta: 10_000, rotatedPairs: 128 },
  pattern: 'g'.repeat(18),
  kvBytes: 2 * 18 * 256 * 4,
};
const large1: Card = {
  ...gemma1,
  parameters: 8_537_680_896,
  layers: 28,
  hidden: 3_072,
  ffn: [24_576],
  heads: 16,
  global: { ...full, kvHeads: 16, headDim: 256, ropeTheta: 10_000, rotatedPairs: 128 },
  pattern: 'g'.repeat(28),
  kvBytes: 2 * 28 * 4_096 * 4,
};

const card2 = (
  heads: Partial<LayerAttention>,
  card: Omit<Card, 'generation' | 'vocab' | 'positions' | 'local' | 'global' | 'pattern'>,
): Card => ({
  ...card,
  generation: 'gemma2',
  vocab: 256_000,
  positions: 8_192,
  local: { ...full, ...heads, window: 4_096, ropeTheta: 10_000 },
  global: { ...full, ...heads, ropeTheta: 10_000 },
  pattern: 'lg'.repeat(card.layers / 2),
});

const fiveToOne = (layers: number): string => 'lllllg'.repeat(11).slice(0, layers);

const card3 = (
  heads: Partial<LayerAttention>,
  window: number,
  ropeFactor: number,
  card: Omit<Card, 'generation' | 'positions' | 'local' | 'global' | 'pattern'>,
): Card => ({
  ...card,
  generation: 'gemma3',
  positions: 32_768,
  local: { ...full, ...heads, window, ropeTheta: 10_000 },
  global: { ...full, ...heads, ropeFactor, ropeTheta: 1_000_000 },
  pattern: fiveToOne(card.layers),
});

const card4 = (
  window: number,
  kvHeads: number,
  global: Partial<LayerAttention>,
  card: Omit<Card, 'generation' | 'vocab' | 'positions' | 'scalar' | 'local' | 'global'>,
): Card => ({
  ...card,
  generation: 'gemma4',
  vocab: 262_144,
  positions: 32_768,
  scalar: 1,
  local: {
    ropeTheta: 10_000,
    ropeFactor: 1,
    window,
    kvHeads,
    headDim: 256,
    rotatedPairs: 128,
    valuesFromKeys: false,
  },
  global: { window: null, ropeTheta: 1_000_000, ropeFactor: 1, headDim: 512, rotatedPairs: 64, ...global },
});

const wide = { headDim: 256, rotatedPairs: 128 };
const narrow = { headDim: 128, rotatedPairs: 64 };

const cards: Record<PublishedModel, Card> = {
  'gemma-2b': small1,
  'gemma-2b-it': small1,
  'gemma-1.1-2b-it': small1,
  'codegemma-2b': small1,
  'codegemma-1.1-2b': small1,
  'gemma-7b': large1,
  'gemma-7b-it': large1,
  'gemma-1.1-7b-it': large1,
  'codegemma-7b': large1,
  'codegemma-7b-it': large1,
  'codegemma-1.1-7b-it': large1,
  'gemma-2-2b': card2(
    { ...wide, kvHeads: 4 },
    {
      parameters: 2_614_341_888,
      layers: 26,
      hidden: 2_304,
      ffn: [9_216],
      heads: 8,
      scalar: 256,
      kvBytes: 2 * 26 * 1_024 * 4,
    },
  ),
  'gemma-2-9b': card2(
    { ...wide, kvHeads: 8 },
    {
      parameters: 9_241_705_984,
      layers: 42,
      hidden: 3_584,
      ffn: [14_336],
      heads: 16,
      scalar: 256,
      kvBytes: 2 * 42 * 2_048 * 4,
    },
  ),
  'gemma-2-27b': card2(
    { ...narrow, kvHeads: 16 },
    {
      parameters: 27_227_128_320,
      layers: 46,
      hidden: 4_608,
      ffn: [36_864],
      heads: 32,
      scalar: 144,
      kvBytes: 2 * 46 * 2_048 * 4,
    },
  ),
  'gemma-3-270m': card3({ ...wide, kvHeads: 1 }, 512, 1, {
    parameters: 268_098_176,
    layers: 18,
    hidden: 640,
    ffn: [2_048],
    heads: 4,
    vocab: 262_144,
    scalar: 256,
    kvBytes: 2 * 18 * 256 * 4,
  }),
  'gemma-3-1b-it': card3({ ...wide, kvHeads: 1 }, 512, 1, {
    parameters: 999_885_952,
    layers: 26,
    hidden: 1_152,
    ffn: [6_912],
    heads: 4,
    vocab: 262_144,
    scalar: 256,
    kvBytes: 2 * 26 * 256 * 4,
  }),
  'gemma-3-4b-it': card3({ ...wide, kvHeads: 4 }, 1_024, 8, {
    parameters: 3.88e9,
    layers: 34,
    hidden: 2_560,
    ffn: [10_240],
    heads: 8,
    vocab: 262_208,
    scalar: 256,
    kvBytes: 2 * 34 * 1_024 * 4,
  }),
  'gemma-3-12b-it': card3({ ...wide, kvHeads: 8 }, 1_024, 8, {
    parameters: 11.77e9,
    layers: 48,
    hidden: 3_840,
    ffn: [15_360],
    heads: 16,
    vocab: 262_208,
    scalar: 256,
    kvBytes: 2 * 48 * 2_048 * 4,
  }),
  'gemma-3-27b-it': card3({ ...narrow, kvHeads: 16 }, 1_024, 8, {
    parameters: 27.01e9,
    layers: 62,
    hidden: 5_376,
    ffn: [21_504],
    heads: 32,
    vocab: 262_208,
    scalar: 168,
    kvBytes: 2 * 62 * 2_048 * 4,
  }),
  'gemma-4-E2B-it': card4(
    512,
    1,
    { kvHeads: 1, valuesFromKeys: false },
    {
      parameters: 4.63e9,
      layers: 35,
      hidden: 1_536,
      ffn: [6_144, 12_288],
      heads: 8,
      pattern: `${'llllg'.repeat(3)}${'LLLLG'.repeat(4)}`,
      kvBytes: 2 * (12 * 256 + 3 * 512) * 4,
    },
  ),
  'gemma-4-E4B-it': card4(
    512,
    2,
    { kvHeads: 2, valuesFromKeys: false },
    {
      parameters: 7.46e9,
      layers: 42,
      hidden: 2_560,
      ffn: [10_240],
      heads: 8,
      pattern: `${'lllllg'.repeat(4)}${'LLLLLG'.repeat(3)}`,
      kvBytes: 2 * (20 * 512 + 4 * 1_024) * 4,
    },
  ),
  'gemma-4-12B-it': card4(
    1_024,
    8,
    { kvHeads: 1, valuesFromKeys: true },
    {
      parameters: 11.9e9,
      layers: 48,
      hidden: 3_840,
      ffn: [15_360],
      heads: 16,
      pattern: fiveToOne(48),
      kvBytes: 2 * (40 * 2_048 + 8 * 512) * 4,
    },
  ),
  'gemma-4-31B-it': card4(
    1_024,
    16,
    { kvHeads: 4, valuesFromKeys: true },
    {
      parameters: 30.7e9,
      layers: 60,
      hidden: 5_376,
      ffn: [21_504],
      heads: 32,
      pattern: fiveToOne(60),
      kvBytes: 2 * (50 * 4_096 + 10 * 2_048) * 4,
    },
  ),
};

function pattern({ attention }: Architecture): string {
  const letters = attention.map(({ window, kvFrom }) => {
    const letter = window === null ? 'g' : 'l';
    return kvFrom === null ? letter : letter.toUpperCase();
  });
  return letters.join('');
}

function parameters(architecture: Architecture): number {
  const shapes = [...checkpointTensors(architecture).values()];
  return shapes.reduce((total, shape) => total + shape.reduce((a, b) => a * b, 1), 0);
}

describe('The architecture of a published checkpoint is that of its model card:', () => {
  const configs: Readonly<Record<string, unknown>> = publishedConfigs;
  for (const [name, card] of Object.entries(cards)) {
    it(name, () => {
      const architecture = readArchitecture(configs[name]);
      assert.equal(architecture.generation, card.generation);
      assert.equal(architecture.layers, card.layers);
      assert.equal(architecture.hiddenSize, card.hidden);
      assert.deepEqual([...new Set(architecture.ffnSizes)], card.ffn);
      assert.equal(architecture.heads, card.heads);
      assert.equal(architecture.vocabSize, card.vocab);
      assert.equal(architecture.maxPositions, card.positions);
      assert.equal(architecture.rmsNormEpsilon, 1e-6);
      assert.equal(architecture.queryPreAttentionScalar, card.scalar);
      assert.equal(pattern(architecture), card.pattern);
      for (const layer of architecture.attention) {
        const expected = layer.window === null ? card.global : card.local;
        assert.deepEqual({ ...layer, ...expected }, layer);
      }
      assert.equal(kvBytes(architecture, 1), card.kvBytes);
      const count = parameters(architecture);
      const isExact = card.parameters % 1e6 !== 0;
      const difference = Math.abs(count - card.parameters);
      assert.ok(difference <= (isExact ? 0 : 0.005 * card.parameters), `${count} parameters`);
    });
  }

  it('layers that share keys and values read the last one of their kind that has its own', () => {
    const { attention } = readArchitecture(publishedConfigs['gemma-4-E2B-it']);
    for (const { kvFrom, window } of attention.slice(15)) assert.equal(kvFrom, window === null ? 14 : 13);
    const { ffnSizes } = readArchitecture(publishedConfigs['gemma-4-E2B-it']);
    assert.ok(ffnSizes.every((width, layer) => width === (layer < 15 ? 6_144 : 12_288)));
  });

  it('Gemma 4 from 12B on has no input of each layer’s own, also where config.json doesn’t say so', () => {
    assert.equal(readArchitecture(publishedConfigs['gemma-4-12B-it']).perLayerInputSize, 0);
    assert.equal(readArchitecture(publishedConfigs['gemma-4-31B-it']).perLayerInputSize, 0);
    assert.equal(readArchitecture(publishedConfigs['gemma-4-E4B-it']).perLayerInputSize, 256);
  });
});
