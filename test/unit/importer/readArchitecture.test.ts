import assert from 'node:assert/strict';
import { MAX_POSITIONS, readArchitecture } from '../../../src/inference/model/readArchitecture.ts';
import { readCompletionTraining } from '../../../src/inference/model/readCompletionTraining.ts';
import { type ErrorCode, GemmaError } from '../../../src/protocol/errors.ts';
import { tinyConfig } from '../../support/checkpoints.ts';

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

describe('The architecture of a config.json', () => {
  it('of google/gemma-3-270m', () => {
    const architecture = readArchitecture({
      architectures: ['Gemma3ForCausalLM'],
      model_type: 'gemma3_text',
      _sliding_window_pattern: 6,
      attention_bias: false,
      attn_logit_softcapping: null,
      final_logit_softcapping: null,
      head_dim: 256,
      hidden_activation: 'gelu_pytorch_tanh',
      hidden_size: 640,
      intermediate_size: 2_048,
      max_position_embeddings: 32_768,
      num_attention_heads: 4,
      num_hidden_layers: 18,
      num_key_value_heads: 1,
      query_pre_attn_scalar: 256,
      rms_norm_eps: 1e-6,
      rope_local_base_freq: 10_000,
      rope_scaling: null,
      rope_theta: 1_000_000,
      sliding_window: 512,
      use_bidirectional_attention: false,
      vocab_size: 262_144,
    });
    const local = { window: 512, ropeTheta: 10_000, ropeFactor: 1 };
    const global = { window: null, ropeTheta: 1_000_000, ropeFactor: 1 };
    assert.deepEqual(architecture, {
      generation: 'gemma3',
      layers: 18,
      hiddenSize: 640,
      ffnSize: 2_048,
      heads: 4,
      kvHeads: 1,
      headDim: 256,
      vocabSize: 262_144,
      maxPositions: 32_768,
      rmsNormEpsilon: 1e-6,
      queryPreAttentionScalar: 256,
      attention: Array.from({ length: 18 }, (_, layer) => (layer % 6 === 5 ? global : local)),
    });
  });

  it('of google/gemma-3-4b, which leaves out what equals the defaults', () => {
    const architecture = readArchitecture({
      architectures: ['Gemma3ForConditionalGeneration'],
      model_type: 'gemma3',
      mm_tokens_per_image: 256,
      text_config: {
        hidden_size: 2_560,
        intermediate_size: 10_240,
        model_type: 'gemma3_text',
        num_hidden_layers: 34,
        rope_scaling: { factor: 8, rope_type: 'linear' },
        sliding_window: 1_024,
      },
      vision_config: { model_type: 'siglip_vision_model' },
    });
    const { heads, kvHeads, headDim, vocabSize, queryPreAttentionScalar, attention } = architecture;
    assert.deepEqual(
      { heads, kvHeads, headDim, vocabSize, queryPreAttentionScalar },
      { heads: 8, kvHeads: 4, headDim: 256, vocabSize: 262_208, queryPreAttentionScalar: 256 },
    );
    assert.deepEqual(attention[0], { window: 1_024, ropeTheta: 10_000, ropeFactor: 1 });
    assert.deepEqual(attention[5], { window: null, ropeTheta: 1_000_000, ropeFactor: 8 });
  });

  it('keeps a q-scalar that is not the head dimension (Gemma 3 27B: 168 and 128)', () => {
    const architecture = readArchitecture(tinyConfig({ headDim: 128, queryPreAttentionScalar: 168 }));
    assert.equal(architecture.headDim, 128);
    assert.equal(architecture.queryPreAttentionScalar, 168);
  });

  it('cuts the longest contexts, so that rotary tables stay small', () => {
    assert.equal(readArchitecture(tinyConfig({ maxPositions: 131_072 })).maxPositions, MAX_POSITIONS);
    assert.equal(readArchitecture(tinyConfig({ maxPositions: 1_024 })).maxPositions, 1_024);
  });
});

describe('A config.json is refused', () => {
  for (const type of [
    'gemma',
    'gemma2',
    'gemma3n',
    'gemma3n_text',
    'gemma4',
    'gemma4_moe',
    'recurrent_gemma',
    'llama',
    'constructor',
  ]) {
    it(`of model type ${type}, which is named`, () =>
      refuses(
        { ...tinyConfig(), model_type: type },
        'model-unsupported',
        new RegExp(`architecture ${type} can't`),
      ));
  }

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

  it('of a gemma3 model without its text part', () => {
    refuses({ model_type: 'gemma3' }, 'model-damaged', /text_config/);
    refuses({ model_type: 'gemma3', text_config: { model_type: 'qwen3' } }, 'model-damaged', /text_config/);
  });

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
