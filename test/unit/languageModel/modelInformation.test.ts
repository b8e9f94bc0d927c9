import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { chatModelAfter, informationOf } from '../../../src/extension/languageModel/modelInformation.ts';
import type { ModelInfo } from '../../../src/protocol/engine.ts';
import { GemmaError } from '../../../src/protocol/errors.ts';

const model: ModelInfo = {
  name: 'gemma-3-1b-it',
  architecture: 'gemma3',
  parameters: 1_000_000_000,
  quantization: 'q4',
  backend: 'native',
  threads: 2,
  contextTokens: 2_048,
  chat: true,
  chatContextTokens: 6_001,
  languages: [],
  weightBytes: 1,
  loadMs: 1,
};

describe('the model that others may choose', () => {
  it('is the loaded one, if it can converse', () => {
    assert.equal(chatModelAfter({ name: 'ready', model }, null), model);
    assert.equal(chatModelAfter({ name: 'working', model }, null), model);
    assert.equal(chatModelAfter({ name: 'ready', model: { ...model, chat: false } }, model), null);
  });

  it('stays while the engine starts anew, and goes when it is off or failed', () => {
    assert.equal(chatModelAfter({ name: 'restarting', attempt: 1 }, model), model);
    assert.equal(chatModelAfter({ name: 'loading', fraction: 0 }, model), model);
    assert.equal(chatModelAfter({ name: 'starting' }, null), null);
    assert.equal(chatModelAfter({ name: 'off' }, model), null);
    assert.equal(chatModelAfter({ name: 'failed', error: new GemmaError('internal', 'x') }, model), null);
  });

  it('tells how much it can read and write, together its context', () => {
    const { id, family, version, maxInputTokens, maxOutputTokens } = informationOf(model);
    assert.deepEqual([id, family, version], ['gemma-3-1b-it', 'gemma', 'gemma3-q4']);
    assert.deepEqual([maxInputTokens, maxOutputTokens], [3_001, 3_000]);
    assert.equal(informationOf({ ...model, chatContextTokens: 32_768 }).maxOutputTokens, 4_096);
  });
});
