import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineClient } from '../../src/client/engineClient.ts';
import type { RequestParams } from '../../src/protocol/engine.ts';
import { completion, question } from '../support/clientRequests.ts';
import { testHome, type TestHome, until } from '../support/inferenceProcess.ts';
import { installScriptedEngine, type ScriptedEngine } from '../support/scripted/installScriptedEngine.ts';

const ask = (text: string, more: Partial<RequestParams<'chat'>> = {}): RequestParams<'chat'> => ({
  ...question(text),
  maxTokens: 1_000,
  ...more,
});

describe('the scripted engine for tests of the interface', function () {
  this.timeout(60_000);
  let folder: string;
  let scripted: ScriptedEngine;
  let home: TestHome;
  let client: EngineClient;
  let heard: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gemma-scripted-'));
    scripted = await installScriptedEngine(folder);
  });
  beforeEach(async () => {
    home = await testHome({
      entry: join(folder, 'dist/inference/main.mjs'),
      embeddedModel: join(folder, 'models/pebble'),
    });
    client = home.client();
    heard = '';
    client.onEvent('chatText', ({ answer }) => (heard += answer));
  });
  afterEach(() => home.dispose());
  after(() => rm(folder, { recursive: true, force: true }));

  it('is a model that converses, and answers by the words of the last question', async () => {
    const model = await client.call('load', { role: 'chat', backend: 'auto' });
    assert.deepEqual([model.name, model.chat], ['gemma-scripted-it', true]);
    const { answer, ended } = await client.call('chat', ask('Please EXPLAIN this'));
    assert.equal(ended, 'stop');
    assert.equal(heard, answer);
    for (const part of ['| Numbers |', '1. ', '```typescript', '> ']) assert.ok(answer.includes(part), part);
    const [received] = (await scripted.received()).slice(-1);
    assert.equal(received?.turns[0]?.text, 'Please EXPLAIN this');
  });

  it('thinks when asked to, begins with the prefill, stops at the limit', async () => {
    await client.call('load', { role: 'chat', backend: 'auto' });
    const thinking = await client.call('chat', ask('explain', { thinking: true }));
    assert.match(thinking.thought, /wants to know/);
    const short = await client.call('chat', ask('rewrite', { prefill: 'Here: ', maxTokens: 2 }));
    assert.deepEqual([short.answer, short.ended], ['Here: ```typescript\nexport ', 'limit']);
  });

  it('writes at its pace, counts and completes meanwhile, and stops between two words', async () => {
    await client.call('load', { role: 'completion', backend: 'auto' });
    await client.call('load', { role: 'chat', backend: 'auto' });
    const stop = new AbortController();
    const start = performance.now();
    const slow = client.call('chat', ask('slow, please'), stop.signal);
    await until('some words are there', () => heard.split(' ').length > 4);
    assert.ok(performance.now() - start >= 390);
    assert.deepEqual((await client.call('countTokens', { texts: ['', 'one two'] })).counts, [0, 2]);
    assert.equal((await client.call('complete', completion('a'))).text, null);
    stop.abort();
    await assert.rejects(slow, { code: 'cancelled' });
    await until('the engine is free', async () => (await client.call('status', {})).running === 0, 1_000);
  });

  it('fails and crashes when told to, after its last words', async () => {
    await client.call('load', { role: 'chat', backend: 'auto' });
    await assert.rejects(client.call('chat', ask('fail')), { message: /on purpose/ });
    assert.equal(heard, 'It begins well, ');
    heard = '';
    await assert.rejects(client.call('chat', ask('crash')), { code: 'engine-stopped' });
    assert.equal(heard, 'This is the last that is heard: ');
    assert.equal((await client.call('chat', ask('anything else'))).ended, 'stop');
  });
});
