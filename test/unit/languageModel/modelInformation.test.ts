import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { informationOf, offered } from '../../../src/extension/languageModel/modelInformation.ts';
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
  const known = { chosen: 'gemma', model };

  it('is the loaded one, if it can converse', () => {
    assert.equal(offered('gemma', { name: 'ready', model }, null), model);
    assert.equal(offered('gemma', { name: 'working', model }, null), model);
    assert.equal(offered('gemma', { name: 'ready', model: { ...model, chat: false } }, known), null);
  });

  it('is the one that was loaded before, while nothing or not yet is, and goes when it fails', () => {
    assert.equal(offered('gemma', { name: 'off' }, known), model);
    assert.equal(offered('gemma', { name: 'restarting', attempt: 1 }, known), model);
    assert.equal(offered('gemma', { name: 'loading', fraction: 0 }, known), model);
    assert.equal(offered('gemma', { name: 'starting' }, null), null);
    assert.equal(offered('gemma', { name: 'failed', error: new GemmaError('internal', 'x') }, known), null);
  });

  it('is none when none is chosen, or another one', () => {
    assert.equal(offered('', { name: 'off' }, known), null);
    assert.equal(offered('other', { name: 'off' }, known), null);
  });

  it('tells how much it can read and write, together its context', () => {
    const { id, family, version, maxInputTokens, maxOutputTokens } = informationOf(model);
    assert.deepEqual([id, family, version], ['gemma-3-1b-it', 'gemma', 'gemma3-q4']);
    assert.deepEqual([maxInputTokens, maxOutputTokens], [3_001, 3_000]);
    assert.equal(informationOf({ ...model, chatContextTokens: 32_768 }).maxOutputTokens, 4_096);
  });
});
