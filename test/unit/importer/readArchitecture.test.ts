import assert from 'node:assert/strict';
import type { Architecture } from '../../../src/inference/model/architecture.ts';
import { MAX_POSITIONS, readArchitecture } from '../../../src/inference/model/readArchitecture.ts';
import { readCompletionTraining } from '../../../src/inference/model/readCompletionTraining.ts';
import { type ErrorCode, GemmaError } from '../../../src/protocol/errors.ts';
import { tinyConfig } from '../../support/checkpoints.ts';
import { type TinyGeneration, tinyGenerations } from '../../support/tinyGenerations.ts';
import { mixtureConfig } from '../../support/publishedConfigs.ts';

function refuses(config: unknown, code: ErrorCode, culprit: RegExp): void {
  assert.throws(
    () => readArchitecture(config),
    (error) => {
      assert.ok(error instanceof GemmaError, String(error));
      assert.match(error.message, culprit);
      assert.equal(error.code, code);
      return true;
    },
  );
}

function spelled(name: TinyGeneration, changes: Record<string, unknown>): Architecture {
  return readArchitecture({ ...tinyGenerations[name], ...changes });
}

describe('The architecture of a config.json', () => {
  it('lists every layer', () => {
    const heads = { kvHeads: 2, headDim: 32, kvFrom: null, valuesFromKeys: false, rotatedPairs: 16 };
    const local = { ...heads, window: 8, ropeTheta: 10_000, ropeFactor: 1 };
    const global = { ...heads, window: null, ropeTheta: 1_000_000, ropeFactor: 8 };
    assert.deepEqual(readArchitecture(tinyConfig({ globalFactor: 8 })), {
      generation: 'gemma3',
      layers: 3,
      hiddenSize: 64,
      heads: 4,
      vocabSize: 320,
      maxPositions: 128,
      rmsNormEpsilon: 1e-6,
      queryPreAttentionScalar: 24,
      perLayerInputSize: 0,
      attention: [local, local, global],
      ffnSizes: [96, 96, 96],
    });
  });

  it('cuts the longest contexts, so that rotary tables stay small', () => {
    assert.equal(readArchitecture(tinyConfig({ maxPositions: 131_072 })).maxPositions, MAX_POSITIONS);
    assert.equal(readArchitecture(tinyConfig({ maxPositions: 1_024 })).maxPositions, 1_024);
  });

  it('of Gemma 1 and 2 may have its theta in rope_parameters, as newer versions save it', () => {
    for (const name of ['Gemma 1', 'Gemma 2'] as const) {
      const rope = { rope_type: 'default', rope_theta: 5_000 };
      const { attention } = spelled(name, { rope_theta: undefined, rope_parameters: rope });
      for (const { ropeTheta } of attention) assert.equal(ropeTheta, 5_000);
    }
  });

  it('of Gemma 2 may list its layer types', () => {
    const types = ['sliding_attention', 'full_attention', 'sliding_attention', 'full_attention'];
    assert.deepEqual(spelled('Gemma 2', { layer_types: types }), spelled('Gemma 2', {}));
  });

  it('of Gemma 4 ends with a global layer, whatever is listed', () => {
    const listed = Array.from({ length: 4 }, () => 'sliding_attention');
    const { attention } = spelled('Gemma 4 with values from keys', { layer_types: listed });
    assert.deepEqual(
      attention.map(({ window }) => window),
      [8, 8, 8, null],
    );
  });

  it('of Gemma 4 falls back to its own rotary defaults', () => {
    const name = 'Gemma 4 with values from keys';
    assert.deepEqual(spelled(name, { rope_parameters: null }), spelled(name, {}));
  });
});

describe('A config.json is refused', () => {
  for (const [type, reason] of [
    ['gemma3n', /AltUp/],
    ['gemma3n_text', /AltUp/],
    ['recurrent_gemma', /can't be rewound/],
    ['paligemma', /image/],
    ['t5gemma', /encoder/],
    ['gemma4_assistant', /larger model/],
    ['gemma4_moe', /only the dense models of Gemma/],
    ['llama', /only the dense models of Gemma/],
    ['constructor', /only the dense models of Gemma/],
  ] as const) {
    it(`of model type ${type}, which is named, with the reason`, () => {
      const config = { ...tinyConfig(), model_type: type };
      refuses(config, 'model-unsupported', new RegExp(`architecture ${type} can't`));
      refuses(config, 'model-unsupported', reason);
    });
  }

  it('of a mixture of experts, also inside a larger model', () => {
    refuses(mixtureConfig, 'model-unsupported', /experts/);
    refuses(
      { ...tinyGenerations['Gemma 4 with values from keys'], enable_moe_block: true },
      'model-unsupported',
      /experts/,
    );
  });

  it('of a checkpoint whose weights are quantized', () => {
    for (const key of ['quantization_config', 'quantization']) {
      refuses({ ...tinyConfig(), [key]: { bits: 4 } }, 'model-unsupported', /quantized already/);
    }
  });

  it('without a model type, naming its class', () =>
    refuses(
      { architectures: ['MixtralForCausalLM'] },
      'model-unsupported',
      /architecture MixtralForCausalLM/,
    ));

  it('that is no object', () => {
    for (const config of [null, 3, 'gemma3_text', [1]]) {
      assert.throws(() => readArchitecture(config), GemmaError);
    }
  });

  for (const type of ['gemma3', 'gemma4', 'gemma4_unified']) {
    it(`of a ${type} model without its text part`, () => {
      refuses({ model_type: type }, 'model-damaged', /text_config/);
      refuses({ model_type: type, text_config: { model_type: 'qwen3' } }, 'model-damaged', /text_config/);
    });
  }

  for (const [key, value] of [
    ['hidden_activation', 'gelu'],
    ['attention_bias', true],
    ['tie_word_embeddings', false],
    ['use_bidirectional_attention', true],
    ['final_logit_softcapping', 30],
    ['attn_logit_softcapping', 50],
    ['layer_types', ['sliding_attention', 'linear_attention', 'full_attention']],
    ['rope_scaling', { rope_type: 'yarn', factor: 4 }],
  ] as const) {
    it(`with an option that no Gemma 3 has: ${key} = ${JSON.stringify(value)}`, () =>
      refuses({ ...tinyConfig(), [key]: value }, 'model-unsupported', new RegExp(key)));
  }

  for (const [key, value] of [
    ['num_hidden_layers', 0],
    ['num_hidden_layers', 1e9],
    ['num_hidden_layers', '3'],
    ['hidden_size', -64],
    ['hidden_size', 64.5],
    ['vocab_size', 2 ** 40],
    ['rms_norm_eps', 0],
    ['query_pre_attn_scalar', -1],
    ['rope_theta', 0],
    ['sliding_window', 0],
    ['sliding_window', null],
    ['sliding_window_pattern', 0],
  ] as const) {
    it(`with an impossible number: ${key} = ${JSON.stringify(value)}`, () =>
      refuses({ ...tinyConfig(), [key]: value }, 'model-damaged', new RegExp(key)));
  }

  for (const [name, key, value] of [
    ['Gemma 1', 'hidden_act', 'silu'],
    ['Gemma 1', 'final_logit_softcapping', 30],
    ['Gemma 2', 'attn_logit_softcapping', null],
    ['Gemma 2', 'final_logit_softcapping', 50],
    ['Gemma 4 with values from keys', 'final_logit_softcapping', null],
    ['Gemma 4 with values from keys', 'use_bidirectional_attention', 'all'],
    ['Gemma 4 with values from keys', 'tie_word_embeddings', false],
    ['Gemma 4 with values from keys', 'per_layer_config', { 3: { head_dim: 64 } }],
  ] as const) {
    it(`with an option that no ${name} has: ${key} = ${JSON.stringify(value)}`, () =>
      refuses({ ...tinyGenerations[name], [key]: value }, 'model-unsupported', new RegExp(key)));
  }

  for (const [key, value, reason] of [
    ['num_kv_shared_layers', 5, /none has its own/],
    ['num_kv_shared_layers', 3, /no layer .* global/],
    ['vocab_size_per_layer_input', 100, /vocab_size_per_layer_input \(100\)/],
    ['num_key_value_heads', 3, /num_attention_heads \(4\)/],
    ['global_head_dim', 20, /head_dim of 20/],
  ] as const) {
    it(`whose numbers contradict each other: ${key} = ${value}`, () => {
      const config = {
        ...tinyGenerations['Gemma 4 with shared keys and inputs of the layers'],
        [key]: value,
      };
      refuses(config, key === 'global_head_dim' ? 'model-unsupported' : 'model-damaged', reason);
    });
  }

  it('whose layer types are too few', () =>
    refuses(
      { ...tinyConfig(), layer_types: ['full_attention'] },
      'model-damaged',
      /layer_types has 1 entries for 3/,
    ));

  it('whose query heads do not share key heads evenly', () =>
    refuses(tinyConfig({ heads: 4, kvHeads: 3 }), 'model-damaged', /num_attention_heads \(4\)/));

  it('whose heads no attention kernel takes', () =>
    refuses(tinyConfig({ headDim: 20 }), 'model-unsupported', /head_dim of 20/));
});

describe('The completion key of a config.json', () => {
  const completion = {
    layout: 'suffix-first',
    languages: ['typescript'],
    maxSuffixTokens: 128,
    maxLineChars: 60,
    contextTokens: 1_024,
  };

  it('is read', () => assert.deepEqual(readCompletionTraining({ completion }), completion));
  it('may be absent', () => assert.equal(readCompletionTraining({}), null));
  it('must be valid when present', () => {
    for (const wrong of [
      { ...completion, layout: 'other' },
      { ...completion, contextTokens: 0 },
      'suffix-first',
    ]) {
      assert.throws(
        () => readCompletionTraining({ completion: wrong }),
        (error) =>
          error instanceof GemmaError && error.code === 'model-damaged' && /completion/.test(error.message),
      );
    }
  });
});
