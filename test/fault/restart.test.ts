import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientState } from '../../src/client/clientState.ts';
import type { EngineClient } from '../../src/client/engineClient.ts';
import { GemmaError } from '../../src/protocol/errors.ts';
import { completion, question } from '../support/clientRequests.ts';
import { kill, testHome, until } from '../support/inferenceProcess.ts';
import type { TestHome } from '../support/inferenceProcess.ts';

describe('the inference process dies', function () {
  this.timeout(60_000);
  let home: TestHome;
  let client: EngineClient;

  beforeEach(async () => {
    home = await testHome();
    client = home.client();
  });
  afterEach(() => home.dispose());

  async function pid(): Promise<number> {
    return (await client.call('status', {})).pid;
  }

  it('at idle: the next completion is answered by a new process with the model loaded again', async () => {
    await client.call('load', { role: 'completion', backend: 'auto' });
    const first = await pid();
    kill(first, 'SIGKILL');
    await until('the death is noticed', () => client.state.name === 'restarting');
    const { text } = await client.call('complete', completion('next'));
    assert.equal(text, 'next');
    assert.notEqual(await pid(), first);
  });

  it('while loading: the load is answered by the new process', async () => {
    const load = client.call('load', { role: 'completion', model: 'work 400', backend: 'auto' });
    kill(await pid(), 'SIGKILL');
    assert.equal((await load).name, 'work 400');
  });

  it('in the middle of a prefill: the completion is answered by the new process', async () => {
    await client.call('load', { role: 'completion', backend: 'auto' });
    const first = await pid();
    const answer = client.call('complete', completion('work 400'));
    await delay(100);
    kill(first, 'SIGKILL');
    assert.equal((await answer).text, 'work 400');
  });

  it('with several completions open: the newest of each document is answered, older ones are superseded', async () => {
    await client.call('load', { role: 'completion', backend: 'auto' });
    const first = await pid();
    const older = client.call('complete', completion('work 400 older', 'a.ts'));
    await delay(50);
    const newer = client.call('complete', completion('newer', 'a.ts'));
    const other = client.call('complete', completion('other', 'b.ts'));
    kill(first, 'SIGKILL');
    await assert.rejects(older, { code: 'superseded' });
    assert.equal((await newer).text, 'newer');
    assert.equal((await other).text, 'other');
  });

  it('at a cancellation: the cancelled call is over at once, the next one is answered', async () => {
    await client.call('load', { role: 'completion', backend: 'auto' });
    const first = await pid();
    const cancel = new AbortController();
    const answer = client.call('complete', completion('work 5000'), cancel.signal);
    await delay(50);
    cancel.abort();
    kill(first, 'SIGKILL');
    await assert.rejects(answer, { code: 'cancelled' });
    assert.equal((await client.call('complete', completion('next'))).text, 'next');
  });

  it('because of a request: it is repeated once, then given up, and others are served', async () => {
    await client.call('load', { role: 'completion', backend: 'auto' });
    await assert.rejects(client.call('complete', completion('crash')), { code: 'engine-stopped' });
    assert.equal((await client.call('complete', completion('harmless'))).text, 'harmless');
  });

  it('because of a model: loading is given up after the second death, and the process is there without it', async () => {
    await assert.rejects(client.call('load', { role: 'completion', model: 'crash', backend: 'auto' }), {
      code: 'engine-stopped',
    });
    assert.equal((await client.call('status', {})).models.completion, null);
  });

  it('because of the model for the chat: completion gets its own back, also when both were asked for at once', async () => {
    const completing = client.call('load', { role: 'completion', model: 'work 100', backend: 'auto' });
    await assert.rejects(client.call('load', { role: 'chat', model: 'crash', backend: 'auto' }), {
      code: 'engine-stopped',
    });
    assert.equal((await completing).name, 'work 100');
    assert.equal((await client.call('complete', completion('harmless'))).text, 'harmless');
    const { models } = await client.call('status', {});
    assert.deepEqual([models.completion?.name, models.chat], ['work 100', null]);
  });

  it('with a model for each role: both are loaded again, and a question is answered by its own', async () => {
    await client.call('load', { role: 'completion', model: 'one', backend: 'auto' });
    await client.call('load', { role: 'chat', model: 'two', backend: 'auto' });
    kill(await pid(), 'SIGKILL');
    await until('the death is noticed', () => client.state.name === 'restarting');
    assert.equal((await client.call('chat', question('why?'))).answer, 'why?');
    await until('both are there', async () => {
      const { models } = await client.call('status', {});
      return models.completion?.name === 'one' && models.chat?.name === 'two';
    });
  });

  it('stopped by SIGSTOP: it counts as hung, is ended and replaced', async () => {
    client = home.client({ hangMs: 400 });
    await client.call('load', { role: 'completion', backend: 'auto' });
    const first = await pid();
    kill(first, 'SIGSTOP');
    assert.equal((await client.call('complete', completion('after'))).text, 'after');
    assert.deepEqual(home.processes().includes(first), false);
  });

  it('stopped by SIGSTOP before a client comes: the client ends it and starts its own', async () => {
    const first = await pid();
    kill(first, 'SIGSTOP');
    const second = home.client({ hangMs: 400 });
    assert.notEqual((await second.call('status', {})).pid, first);
  });
});

describe('the inference process dies again and again', function () {
  this.timeout(60_000);
  let home: TestHome;
  afterEach(() => home.dispose());

  it('five times: the client stops with a reason, fails calls at once, and starts anew when asked', async () => {
    home = await testHome();
    const client = home.client();
    const states: ClientState['name'][] = [];
    client.onState(({ name }) => states.push(name));
    for (let deaths = 1; deaths <= 5; deaths += 1) {
      const { pid } = await client.call('status', {});
      kill(pid, 'SIGKILL');
      await until('the death is noticed', () => client.state.name !== 'connected');
    }
    assert.equal(client.state.name, 'stopped');
    assert.equal(states.filter((name) => name === 'restarting').length, 4);
    await assert.rejects(client.call('status', {}), { code: 'engine-unavailable' });
    assert.deepEqual(home.processes(), []);

    client.restart();
    await until('it is connected', () => client.state.name === 'connected');
    assert.ok((await client.call('status', {})).pid > 0);
  });

  it('right at its start: the reason says what the process said', async () => {
    home = await testHome({ processArguments: ['--no-such-option'] });
    const client = home.client();
    await assert.rejects(client.call('status', {}), (error: unknown) => {
      assert.ok(error instanceof GemmaError);
      assert.equal(error.code, 'engine-unavailable');
      assert.match(error.message, /no-such-option/);
      return true;
    });
    assert.equal(client.state.name, 'stopped');
  });
});

describe('the engine fails without dying', function () {
  this.timeout(60_000);
  let home: TestHome;
  beforeEach(async () => {
    home = await testHome();
  });
  afterEach(() => home.dispose());

  it('out of memory: the answer says so and the process stays', async () => {
    const client = home.client();
    await client.call('load', { role: 'completion', backend: 'auto' });
    const { pid } = await client.call('status', {});
    await assert.rejects(client.call('complete', completion('oom')), { code: 'out-of-memory' });
    assert.equal((await client.call('complete', completion('next'))).text, 'next');
    assert.equal((await client.call('status', {})).pid, pid);
  });

  it('a job that ignores its cancellation for two seconds ends the process; the next call gets a new one', async () => {
    const client = home.client();
    await client.call('load', { role: 'completion', backend: 'auto' });
    const { pid } = await client.call('status', {});
    const cancel = new AbortController();
    const answer = client.call('complete', completion('stubborn 60000'), cancel.signal);
    await delay(100);
    cancel.abort();
    await assert.rejects(answer, { code: 'cancelled' });
    await until('the process has ended', () => !home.processes().includes(pid), 4_000);
    assert.equal((await client.call('complete', completion('next'))).text, 'next');
  });

  it('no model was loaded: completions say so', async () => {
    await assert.rejects(home.client().call('complete', completion('x')), { code: 'no-model' });
  });
});
