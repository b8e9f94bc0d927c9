import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { EngineClient } from '../../src/client/engineClient.ts';
import { completion, question } from '../support/clientRequests.ts';
import { testHome, until } from '../support/inferenceProcess.ts';
import type { TestHome } from '../support/inferenceProcess.ts';

describe('chats and completions on one engine', function () {
  this.timeout(60_000);
  let home: TestHome;
  let client: EngineClient;
  beforeEach(async () => {
    home = await testHome();
    client = home.client();
    for (const role of ['completion', 'chat'] as const) await client.call('load', { role, backend: 'auto' });
  });
  afterEach(() => home.dispose());

  async function running(count: number): Promise<void> {
    await until(`${count} jobs run`, async () => (await client.call('status', {})).running === count);
  }

  it('a completion is answered while a chat is being written, an edit before a chat', async () => {
    const order: string[] = [];
    const note = async (name: string, answer: Promise<unknown>): Promise<void> => {
      await answer;
      order.push(name);
    };
    const chat = note('chat', client.call('chat', question('work 700')));
    await running(1);
    await Promise.all([
      chat,
      note('edit', client.call('chat', question('work 300', 'edit'))),
      note('completion', client.call('complete', completion('work 50'))),
    ]);
    assert.deepEqual(order, ['completion', 'edit', 'chat']);
  });

  it('the text of a chat goes to the window that asked, under its name', async () => {
    const other = home.client();
    await other.call('status', {});
    const heard: string[] = [];
    client.onEvent('chatText', ({ stream, answer }) => heard.push(`${stream}: ${answer}`));
    other.onEvent('chatText', () => heard.push('the other window'));
    const { answer } = await client.call('chat', question('hello'));
    await other.call('status', {});
    assert.equal(answer, 'hello');
    assert.deepEqual(heard, ['hello: hello']);
  });

  it('loading another model ends the chat with the old one', async () => {
    const chat = client.call('chat', question('work 20000'));
    await running(1);
    const model = await client.call('load', { role: 'chat', model: 'other', backend: 'auto' });
    assert.equal(model.name, 'other');
    await assert.rejects(chat, { code: 'cancelled' });
  });

  it('a chat that is stopped while the model of completion is loaded does not end the process', async () => {
    const other = await testHome({ processArguments: ['--obey-ms', '200'] });
    try {
      client = other.client();
      await client.call('load', { role: 'chat', backend: 'auto' });
      const { pid } = await client.call('status', {});
      const cancel = new AbortController();
      const answer = client.call('chat', question('work 20000'), cancel.signal);
      await running(1);
      const loading = client.call('load', { role: 'completion', model: 'stubborn 800', backend: 'auto' });
      await running(2);
      await delay(100);
      cancel.abort();
      await assert.rejects(answer, { code: 'cancelled' });
      assert.equal((await loading).name, 'stubborn 800');
      assert.equal((await client.call('status', {})).pid, pid);
    } finally {
      await other.dispose();
    }
  });

  it('a chat that is stopped while a completion has the engine ends before the completion does', async () => {
    const stop = new AbortController();
    const chat = client.call('chat', question('work 20000'), stop.signal);
    await running(1);
    const answered = client.call('complete', completion('work 1000'));
    await running(2);
    await delay(100);
    stop.abort();
    await assert.rejects(chat, { code: 'cancelled' });
    await running(1);
    assert.equal((await answered).text, 'work 1000');
    assert.equal(home.processes().length, 1);
  });

  it('a storm of a thousand cancelled completions leaves the process as it was', async () => {
    const { pid } = await client.call('status', {});
    const cancelled = Array.from({ length: 1_000 }, async (_, index) => {
      const cancel = new AbortController();
      const answer = client.call('complete', completion('work 5000', `${index % 7}.ts`), cancel.signal);
      if (index % 3 === 0) await delay(index % 5);
      cancel.abort();
      await assert.rejects(
        answer,
        ({ code }: { code?: string }) => code === 'cancelled' || code === 'superseded',
      );
    });
    await Promise.all(cancelled);
    assert.equal((await client.call('complete', completion('after'))).text, 'after');
    const status = await client.call('status', {});
    assert.deepEqual([status.pid, status.running, status.waiting], [pid, 0, 0]);
  });
});
