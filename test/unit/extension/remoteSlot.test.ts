import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { Engine } from '../../../src/extension/engine.ts';
import type { RemoteLoad } from '../../../src/extension/remote/remoteSlot.ts';
import type { CompleteParams } from '../../../src/protocol/engine.ts';
import { question } from '../../support/clientRequests.ts';
import { llamaCpp, plain } from '../../support/remote/dialects.ts';
import { type Answer, HttpServer, json } from '../../support/remote/httpServer.ts';

const { stream: _stream, ...asked } = question('Why?');
const { signal } = new AbortController();

const cursor: CompleteParams = {
  document: 'file:///a.ts',
  fileName: 'a.ts',
  languageId: 'typescript',
  prefix: 'a = ',
  suffix: '',
  neighbors: [],
  trigger: 'automatic',
};

/** An engine whose process must never be asked for. */
function scene(): { engine: Engine; shown: string[] } {
  const engine = new Engine(() => assert.fail('The inference process was started.'));
  const shown: string[] = [];
  engine.onStatus(({ name }, role) => shown.push(`${role} ${name}`));
  return { engine, shown };
}

function load(server: HttpServer, more: Partial<RemoteLoad> = {}): RemoteLoad {
  return { url: server.url, model: '', tokenOf: async () => null, tokenVersion: 0, ...more };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

async function withServer(answer: Answer, work: (server: HttpServer) => Promise<void>): Promise<void> {
  await using server = await HttpServer.start(answer);
  await work(server);
}

describe('a role that a server has', () => {
  it('is answered by it, without a process on this machine', () =>
    withServer(llamaCpp(), async (server) => {
      const { engine, shown } = scene();
      engine.useServers({ completion: load(server), chat: load(server) });
      assert.equal(engine.statusOf('chat').name, 'starting');
      await until(
        () => engine.statusOf('chat').name === 'ready' && engine.statusOf('completion').name === 'ready',
      );

      const heard: string[] = [];
      const result = await engine.chat(asked, ({ answer }) => heard.push(answer), signal);
      assert.equal(heard.join(''), result.answer);
      assert.ok(shown.includes('chat working'));
      assert.equal(engine.statusOf('chat').name, 'ready');
      assert.equal((await engine.complete(cursor).result).text, 'return a + b;');
      assert.equal(engine.pid, null);

      engine.useServers({ completion: null, chat: null });
      assert.equal(engine.statusOf('chat').name, 'off');
      await assert.rejects(
        engine.chat(asked, () => undefined, signal),
        { code: 'no-model' },
      );
      await assert.rejects(engine.complete(cursor).result, { code: 'cancelled' });
    }));

  it('sends nothing of a draft to be counted, only of a question', () =>
    withServer(llamaCpp(), async (server) => {
      const { engine } = scene();
      engine.useServers({ completion: null, chat: load(server) });
      await until(() => engine.statusOf('chat').name === 'ready');
      const count = server.asked.length;
      assert.ok(((await engine.countTokens(['a draft']))[0] ?? 0) > 0);
      const shown = { system: 's', turns: asked.turns, prefill: '', thinking: false };
      assert.ok((await engine.countChat(shown)) > 0);
      assert.equal(server.asked.length, count);
      assert.deepEqual(await engine.countAsked(['abc'], signal), [3]);
      assert.equal(server.paths().at(-1), '/tokenize');
      engine.useServers({ completion: null, chat: null });
    }));

  it('waits for the server to be known, and stops it when it is cancelled', async () => {
    const answer = plain();
    await withServer(
      (request, response) => {
        if (request.method === 'GET') void delay(30).then(() => answer(request, response));
      },
      async (server) => {
        const { engine } = scene();
        engine.useServers({ completion: null, chat: load(server) });
        const abort = new AbortController();
        const running = engine.chat(asked, () => undefined, abort.signal);
        await until(() => server.paths().includes('/v1/chat/completions'));
        abort.abort();
        await assert.rejects(running, { code: 'cancelled' });
        await server.asked.at(-1)?.gone;
        engine.useServers({ completion: null, chat: null });
      },
    );
  });

  it('has the token of that origin, also a new one', () =>
    withServer(
      (request, response) =>
        request.headers.authorization === 'Bearer right'
          ? plain()(request, response)
          : json(response, { error: 'no' }, 401),
      async (server) => {
        const { engine } = scene();
        const origins: string[] = [];
        const tokenOf = (token: string) => async (origin: string) => {
          origins.push(origin);
          return token;
        };
        engine.useServers({ completion: null, chat: load(server, { tokenOf: tokenOf('wrong') }) });
        await until(() => engine.statusOf('chat').name === 'failed');
        await assert.rejects(
          engine.chat(asked, () => undefined, signal),
          { code: 'unauthorized' },
        );
        engine.useServers({
          completion: null,
          chat: load(server, { tokenOf: tokenOf('right'), tokenVersion: 1 }),
        });
        await until(() => engine.statusOf('chat').name === 'ready');
        assert.ok(origins.every((origin) => origin === server.url));
        engine.useServers({ completion: null, chat: null });
      },
    ));

  it('says why it can’t be used', async () => {
    const { engine } = scene();
    const bad = { url: 'http://example.org', model: '', tokenOf: () => assert.fail('sent'), tokenVersion: 0 };
    engine.useServers({ completion: null, chat: bad });
    await until(() => engine.statusOf('chat').name === 'failed');
    await assert.rejects(
      engine.chat(asked, () => undefined, signal),
      { code: 'bad-input' },
    );
    await withServer(llamaCpp({ line: null, models: ['gemma-3-4b-it'] }), async (server) => {
      engine.useServers({ completion: load(server), chat: load(server) });
      await until(
        () => engine.statusOf('completion').name === 'failed' && engine.statusOf('chat').name === 'ready',
      );
      await assert.rejects(engine.complete(cursor).result, { code: 'no-model' });
      engine.useServers({ completion: null, chat: null });
    });
  });

  it('finds the server again after it was away', async () => {
    let away = false;
    const answer = plain();
    await withServer(
      (request, response) => (away ? response.destroy() : answer(request, response)),
      async (server) => {
        const { engine } = scene();
        engine.useServers({ completion: null, chat: load(server) });
        await until(() => engine.statusOf('chat').name === 'ready');
        away = true;
        await assert.rejects(
          engine.chat(asked, () => undefined, signal),
          { code: 'network' },
        );
        await until(() => engine.statusOf('chat').name === 'failed');
        away = false;
        engine.restart();
        await engine.chat(asked, () => undefined, signal);
        engine.useServers({ completion: null, chat: null });
      },
    );
  });

  it('does not ask a server that is busy what it is', async () => {
    const answer = plain();
    await withServer(
      (request, response) =>
        request.method === 'POST' ? json(response, {}, 429) : answer(request, response),
      async (server) => {
        const { engine } = scene();
        engine.useServers({ completion: null, chat: load(server) });
        await until(() => engine.statusOf('chat').name === 'ready');
        const count = server.asked.length;
        for (let i = 0; i < 3; i++)
          await assert.rejects(
            engine.chat(asked, () => undefined, signal),
            { code: 'network' },
          );
        assert.equal(engine.statusOf('chat').name, 'ready');
        assert.equal(server.asked.length - count, 3);
        engine.useServers({ completion: null, chat: null });
      },
    );
  });

  it('forgets a server that was replaced before it answered', () =>
    withServer(
      () => undefined,
      async (mute) =>
        withServer(plain({ models: ['second'] }), async (server) => {
          const { engine } = scene();
          engine.useServers({ completion: null, chat: load(mute) });
          await until(() => mute.asked.length > 0);
          engine.useServers({ completion: null, chat: load(server) });
          await mute.asked[0]?.gone;
          await until(() => engine.statusOf('chat').name === 'ready');
          const status = engine.statusOf('chat');
          assert.equal(status.name === 'ready' && status.model.name, 'second');
          engine.useServers({ completion: null, chat: null });
        }),
    ));
});
