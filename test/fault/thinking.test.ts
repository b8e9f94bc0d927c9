import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { EngineClient } from '../../src/client/engineClient.ts';
import type { ChatParams, ChatResult } from '../../src/protocol/engine.ts';
import { type ImportedChatModel, importThinkingModel } from '../support/chatCheckpoint.ts';
import { testHome, type TestHome, until } from '../support/inferenceProcess.ts';

const entry = resolve('dist/inference/main.mjs');

describe('a conversation with a model that thinks', function () {
  this.timeout(60_000);
  let checkpoint: ImportedChatModel;
  let home: TestHome;
  let client: EngineClient;

  before(async () => {
    assert.ok(existsSync(entry), 'Build first: npm run build');
    checkpoint = await importThinkingModel('f32');
  });
  beforeEach(async () => {
    home = await testHome({ entry });
    client = home.client();
    await client.call('load', { role: 'chat', model: checkpoint.folder, backend: 'native' });
  });
  afterEach(() => home.dispose());
  after(() => checkpoint.remove());

  const ask = (turns: ChatParams['turns'], seed: number): Promise<ChatResult> =>
    client.call('chat', {
      stream: 'test',
      purpose: 'chat',
      system: 'think, then answer.',
      turns,
      prefill: '',
      thinking: true,
      maxTokens: 400,
      sampling: { temperature: 2, topK: 1_000, topP: 1, seed },
    });

  it('waits for its next question alone: the answer without its thoughts was computed while it was read', async () => {
    const turns: ChatParams['turns'] = [{ role: 'user', text: 'what is a monad?' }];
    let first = await ask(turns, 0);
    // It says anything at random, sometimes the marks of a thought.
    for (let seed = 1; seed < 200 && (first.thought === '' || first.answer === ''); seed++)
      first = await ask(turns, seed);
    assert.ok(first.thought !== '' && first.answer !== '', 'no thought in 200 answers');
    await until('the engine is free', async () => (await client.call('status', {})).running === 0);

    const next = 'and a functor?';
    const second = await ask(
      [...turns, { role: 'model', text: first.answer }, { role: 'user', text: next }],
      1,
    );
    const alone = await client.call('countChat', {
      system: '',
      turns: [{ role: 'user', text: next }],
      prefill: '',
      thinking: false,
    });
    const bos = 1;
    assert.equal(second.promptTokens - second.cachedTokens, alone.tokens - bos);
  });
});
