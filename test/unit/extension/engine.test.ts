import assert from 'node:assert/strict';
import * as v from 'valibot';
import type { ClientState } from '../../../src/client/clientState.ts';
import { Listeners } from '../../../src/client/listeners.ts';
import { Engine } from '../../../src/extension/engine.ts';
import type { EngineConnection } from '../../../src/extension/engine.ts';
import type {
  ChatResult,
  CompleteParams,
  EventBody,
  EventName,
  ModelInfo,
  Role,
} from '../../../src/protocol/engine.ts';
import { GemmaError } from '../../../src/protocol/errors.ts';
import { question } from '../../support/clientRequests.ts';
import { completeResult, settle } from '../completion/scene.ts';

const model: ModelInfo = {
  name: 'Pebble',
  architecture: 'gemma3',
  parameters: 5_000_000,
  quantization: 'q4',
  backend: 'native',
  threads: 2,
  contextTokens: 1024,
  chat: true,
  chatContextTokens: 8192,
  languages: [],
  weightBytes: 5_000_000,
  loadMs: 10,
};

const params: CompleteParams = {
  document: 'file:///a.ts',
  fileName: 'a.ts',
  languageId: 'typescript',
  prefix: 'a',
  suffix: '',
  neighbors: [],
  trigger: 'automatic',
};

const { stream: _stream, ...chatParams } = question('Why?');

const chatResult: ChatResult = {
  answer: 'Because.',
  thought: '',
  ended: 'stop',
  model: 'Pebble',
  backend: 'native',
  promptTokens: 1,
  cachedTokens: 0,
  tokens: 1,
  forwards: 1,
  prefillMs: 0,
  decodeMs: 0,
};

function streamOf(sent: unknown): string {
  return v.parse(v.object({ stream: v.string() }), sent).stream;
}

interface Call {
  readonly name: string;
  readonly params: unknown;
  readonly signal: AbortSignal | undefined;
  resolve(result: unknown): void;
  reject(error: GemmaError): void;
}

/** A client whose answers and states the test decides. */
class ScriptedClient {
  readonly calls: Call[] = [];
  readonly states = new Listeners<ClientState>();
  readonly progress = new Listeners<EventBody<'progress'>>();
  readonly chatText = new Listeners<EventBody<'chatText'>>();
  readonly model = new Listeners<EventBody<'model'>>();
  readonly transfers = new Listeners<EventBody<'transfers'>>();
  readonly installed = new Listeners<object>();
  state: ClientState = { name: 'idle' };
  restarts = 0;
  disposed = false;

  readonly connection = {
    call: (name: string, callParams: unknown, signal?: AbortSignal) =>
      new Promise((resolve, reject) => {
        this.calls.push({ name, params: callParams, signal, resolve, reject });
      }),
    onState: (listener: (state: ClientState) => void) => this.states.add(listener),
    onEvent: (name: EventName, listener: (body: unknown) => void) => this[name].add(listener),
    restart: () => {
      this.restarts++;
    },
    dispose: async () => {
      this.disposed = true;
    },
  };

  become(state: ClientState): void {
    this.state = state;
    this.states.notify(state);
  }

  last(name: string): Call {
    const call = this.calls.findLast((other) => other.name === name);
    assert.ok(call, `${name} was not called`);
    return call;
  }

  count(name: string): number {
    return this.calls.filter((call) => call.name === name).length;
  }
}

function scene(): {
  engine: Engine;
  clients: ScriptedClient[];
  client: () => ScriptedClient;
  shown: string[];
} {
  const clients: ScriptedClient[] = [];
  const shown: string[] = [];
  const engine = new Engine(() => {
    const client = new ScriptedClient();
    clients.push(client);
    const { connection } = client;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a call answers is up to the test
    return Object.defineProperty(connection, 'state', {
      get: () => client.state,
    }) as unknown as EngineConnection;
  });
  engine.onStatus(({ name }) => shown.at(-1) !== name && shown.push(name));
  const client = (): ScriptedClient => {
    const newest = clients.at(-1);
    assert.ok(newest, 'there is no client');
    return newest;
  };
  return { engine, clients, client, shown };
}

async function readyScene(role: Role = 'completion'): Promise<ReturnType<typeof scene>> {
  const made = scene();
  made.engine.start({ completion: null, chat: null, [role]: { backend: 'auto' } });
  made.client().become({ name: 'starting' });
  made.client().become({ name: 'connected', pid: 1 });
  made.client().last('load').resolve(model);
  await settle();
  return made;
}

describe('the engine of a window', () => {
  it('has no client before it is started', () => {
    const { engine, clients } = scene();
    assert.equal(engine.statusOf('completion').name, 'off');
    assert.equal(clients.length, 0);
  });

  it('loads the model once and shows how that goes', async () => {
    const { client, shown, engine } = await readyScene();
    assert.deepEqual(shown, ['starting', 'loading', 'ready']);
    engine.start({ completion: { backend: 'auto' }, chat: null });
    assert.equal(client().count('load'), 1);
  });

  it('shows that it imports', () => {
    const { engine, client } = scene();
    engine.start({ completion: { backend: 'auto' }, chat: null });
    client().become({ name: 'connected', pid: 1 });
    client().progress.notify({ step: 'import', role: 'completion', fraction: 0.5 });
    assert.deepEqual(engine.statusOf('completion'), { name: 'importing', fraction: 0.5 });
  });

  it('loads what the settings say now, whatever an earlier load answers', async () => {
    const { engine, client } = scene();
    engine.start({ completion: { backend: 'auto' }, chat: null });
    const first = client().last('load');
    engine.start({ completion: { backend: 'wasm', model: '/models/other' }, chat: null });
    assert.deepEqual(client().last('load').params, {
      role: 'completion',
      backend: 'wasm',
      model: '/models/other',
    });
    first.reject(new GemmaError('model-damaged', 'The old model is damaged.'));
    client().last('load').resolve(model);
    await settle();
    assert.equal(engine.statusOf('completion').name, 'ready');
  });

  it('loads again after a restart of a process that had a model', async () => {
    const { engine, client } = await readyScene();
    client().become({ name: 'restarting', attempt: 1 });
    assert.deepEqual(engine.statusOf('completion'), { name: 'restarting', attempt: 1 });
    client().become({ name: 'connected', pid: 2 });
    client().last('load').resolve(model);
    await settle();
    assert.equal(engine.statusOf('completion').name, 'ready');
    assert.equal(client().count('load'), 2);
  });

  it('leaves a load that a crash interrupted to the client, which repeats it', () => {
    const { engine, client } = scene();
    engine.start({ completion: { backend: 'auto' }, chat: null });
    client().become({ name: 'connected', pid: 1 });
    client().become({ name: 'restarting', attempt: 1 });
    client().become({ name: 'connected', pid: 2 });
    assert.equal(client().count('load'), 1);
    assert.equal(engine.statusOf('completion').name, 'loading');
  });

  it('says why it failed, fails completions with that, and starts again when a person asks', async () => {
    const { engine, client } = await readyScene();
    const reason = new GemmaError('engine-unavailable', 'It keeps ending.');
    client().become({ name: 'stopped', reason });
    assert.deepEqual(engine.statusOf('completion'), { name: 'failed', error: reason });
    await assert.rejects(engine.complete(params).result, reason);
    assert.equal(client().count('complete'), 0);

    engine.restart();
    assert.equal(client().restarts, 1);
    client().become({ name: 'connected', pid: 3 });
    client().last('load').resolve(model);
    await settle();
    assert.equal(engine.statusOf('completion').name, 'ready');
  });

  it('fails when the model can not be loaded', async () => {
    const { engine, client } = scene();
    engine.start({ completion: { backend: 'auto' }, chat: null });
    client().last('load').reject(new GemmaError('model-damaged', 'The model is damaged.'));
    await settle();
    assert.equal(engine.statusOf('completion').name, 'failed');
  });

  it('is working while a completion runs, and passes its cancellation on', async () => {
    const { engine, client } = await readyScene();
    const running = engine.complete(params);
    assert.equal(engine.statusOf('completion').name, 'working');
    running.cancel();
    assert.equal(client().last('complete').signal?.aborted, true);
    client().last('complete').resolve(completeResult('x'));
    await running.result;
    assert.equal(engine.statusOf('completion').name, 'ready');
  });

  it('tells the text of an answer to whoever asked for it, as long as it is wanted', async () => {
    const { engine, client } = await readyScene('chat');
    const heard: string[] = [];
    const stop = new AbortController();
    const listen =
      (name: string) =>
      ({ answer }: { answer: string }) =>
        void heard.push(`${name}${answer}`);
    const first = engine.chat(chatParams, listen('first '), stop.signal);
    const firstStream = streamOf(client().last('chat').params);
    const second = engine.chat(chatParams, listen('second '), new AbortController().signal);
    const secondCall = client().last('chat');
    const secondStream = streamOf(secondCall.params);
    assert.notEqual(firstStream, secondStream);
    assert.equal(engine.statusOf('chat').name, 'working');

    client().chatText.notify({ stream: firstStream, thought: '', answer: 'a' });
    client().chatText.notify({ stream: secondStream, thought: '', answer: 'b' });
    stop.abort();
    client().chatText.notify({ stream: firstStream, thought: '', answer: 'too late' });
    secondCall.resolve(chatResult);
    await second;
    client().chatText.notify({ stream: secondStream, thought: '', answer: 'over' });
    assert.deepEqual(heard, ['first a', 'second b']);

    const stopped = new GemmaError('engine-stopped', 'It ended.');
    client()
      .calls.find(({ name }) => name === 'chat')
      ?.reject(stopped);
    await assert.rejects(first, stopped);
    assert.equal(engine.statusOf('chat').name, 'ready');
  });

  it('counts tokens without being called busy', async () => {
    const { engine, client } = await readyScene('chat');
    const counts = engine.countTokens(['a', 'b c']);
    assert.deepEqual(client().last('countTokens').params, { texts: ['a', 'b c'] });
    assert.equal(engine.statusOf('chat').name, 'ready');
    client()
      .last('countTokens')
      .resolve({ counts: [1, 2] });
    assert.deepEqual(await counts, [1, 2]);
    const tokens = engine.countChat({ system: '', turns: [], prefill: '', thinking: false });
    client().last('countChat').resolve({ tokens: 7 });
    assert.equal(await tokens, 7);
  });

  it('answers no chat when it is off', async () => {
    const { engine } = scene();
    const { signal } = new AbortController();
    await assert.rejects(
      engine.chat(chatParams, () => undefined, signal),
      { code: 'no-model' },
    );
    await assert.rejects(engine.countTokens(['a']), { code: 'no-model' });
  });

  it('warms up only when there is nothing better to do, and never complains', async () => {
    const { engine, client } = await readyScene();
    const running = engine.complete(params);
    await engine.warmUp(params, new AbortController().signal);
    assert.equal(client().count('warmUp'), 0);
    client().last('complete').resolve(completeResult(null));
    await running.result;
    const warmedUp = engine.warmUp(params, new AbortController().signal);
    client().last('warmUp').reject(new GemmaError('superseded', 'A completion came.'));
    await warmedUp;
  });

  it('says goodbye when stopped, ignores what still comes, and can be started again', async () => {
    const { engine, clients, client } = await readyScene();
    const [first] = clients;
    await engine.stop();
    assert.equal(first?.disposed, true);
    first?.become({ name: 'restarting', attempt: 1 });
    assert.equal(engine.statusOf('completion').name, 'off');
    await assert.rejects(engine.complete(params).result, { code: 'cancelled' });

    engine.start({ completion: { backend: 'auto' }, chat: null });
    assert.equal(clients.length, 2);
    assert.equal(client().count('load'), 1);
  });

  it('keeps the models of completion and chat apart', async () => {
    const { engine, client } = await readyScene();
    const completion = { backend: 'auto' } as const;
    engine.start({ completion, chat: { model: 'gemma', backend: 'auto' } });
    assert.equal(client().count('load'), 2);
    const load = client().last('load');
    assert.deepEqual(load.params, { role: 'chat', model: 'gemma', backend: 'auto' });
    client().progress.notify({ step: 'import', role: 'chat', fraction: 0.5 });
    assert.deepEqual(engine.statusOf('chat'), { name: 'importing', fraction: 0.5 });
    assert.equal(engine.statusOf('completion').name, 'ready');
    load.reject(new GemmaError('model-damaged', 'The model is damaged.'));
    await settle();
    assert.deepEqual([engine.statusOf('completion').name, engine.statusOf('chat').name], ['ready', 'failed']);
    const running = engine.complete(params);
    client().last('complete').resolve(completeResult('x'));
    await running.result;

    client().model.notify({ role: 'chat', model });
    assert.equal(engine.statusOf('chat').name, 'ready');
    engine.start({ completion, chat: null });
    assert.equal(engine.statusOf('chat').name, 'off');
    await assert.rejects(engine.countTokens(['a']), { code: 'no-model' });
    client().become({ name: 'restarting', attempt: 1 });
    assert.deepEqual(
      [engine.statusOf('completion').name, engine.statusOf('chat').name],
      ['restarting', 'off'],
    );
    client().become({ name: 'connected', pid: 2 });
    assert.deepEqual(client().last('load').params, { role: 'completion', backend: 'auto' });
    assert.equal(client().count('load'), 3);
  });

  it('asks about models without loading one, and tells what becomes of them', async () => {
    const { engine, client } = scene();
    await assert.rejects(engine.request('machine', {}), { code: 'no-model' });
    engine.start({ completion: null, chat: null });
    const heard: unknown[] = [];
    engine.onTransfers((transfers) => heard.push(transfers));
    engine.onInstalled(() => heard.push('installed'));
    const asked = engine.request('listModels', {});
    client().become({ name: 'connected', pid: 1 });
    client().last('listModels').resolve('the list');
    assert.equal(await asked, 'the list');
    client().transfers.notify({ transfers: [] });
    client().installed.notify({});
    assert.deepEqual(heard, [[], 'installed']);
    assert.equal(client().count('load'), 0);
  });
});
