import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { EngineClient } from '../../src/client/engineClient.ts';
import { contextOf } from '../../src/inference/engine/loadModel.ts';
import { memoryOf, neededFor } from '../../src/inference/engine/memoryPlan.ts';
import { readManifest } from '../../src/inference/model/modelManifest.ts';
import type { ChatParams, ChatResult, RequestParams, RequestResult } from '../../src/protocol/engine.ts';
import { type ImportedChatModel, importChatModel, importThinkingModel } from '../support/chatCheckpoint.ts';
import { completion } from '../support/clientRequests.ts';
import { kill, testHome, until } from '../support/inferenceProcess.ts';
import type { TestHome } from '../support/inferenceProcess.ts';

const entry = resolve('dist/inference/main.mjs');
const embeddedModel = resolve('models/pebble');

type Load = RequestParams<'load'>;
type Status = RequestResult<'status'>;

const line: RequestParams<'complete'> = {
  ...completion('const value1 = compute(1);\nconst value2 = comp'),
  suffix: '\nconst value3 = compute(3);\n',
  trigger: 'invoked',
};

function whileItRuns(work: () => Promise<void>): { isRunning: boolean; readonly end: Promise<void> } {
  const end = work().finally(() => (state.isRunning = false));
  const state = { isRunning: true, end };
  return state;
}

for (const backend of ['native', 'wasm'] as const) {
  describe(`a model for completion and one for the chat, on ${backend}`, function () {
    this.timeout(60_000);
    let one: ImportedChatModel;
    let two: ImportedChatModel;
    let home: TestHome;
    let client: EngineClient;

    before(async () => {
      assert.ok(existsSync(entry), 'Build first: npm run build');
      [one, two] = await Promise.all([importChatModel('f32'), importThinkingModel('f32')]);
    });
    beforeEach(async () => {
      home = await testHome({ entry, embeddedModel });
      client = home.client();
    });
    afterEach(() => home.dispose());
    after(() => Promise.all([one.remove(), two.remove()]));

    const load = (role: Load['role'], model?: ImportedChatModel, more: Partial<Load> = {}) =>
      client.call('load', { role, backend, ...(model && { model: model.folder }), ...more });
    const complete = async (): Promise<string | null> => (await client.call('complete', line)).text;
    const status = (): Promise<Status> => client.call('status', {});

    function ask(text: string, more: Partial<ChatParams> = {}): Promise<ChatResult> {
      return client.call('chat', {
        stream: text,
        purpose: 'chat',
        system: '',
        turns: [{ role: 'user', text }],
        prefill: '',
        thinking: false,
        maxTokens: 20,
        sampling: { temperature: 1, topK: 64, topP: 1, seed: 3 },
        ...more,
      });
    }

    /** Bytes that the model can just be run with. */
    async function needed({ folder }: ImportedChatModel): Promise<number> {
      const manifest = await readManifest(folder);
      return neededFor([memoryOf(manifest, backend, contextOf(manifest))]);
    }

    /** Of some hundred words. */
    const story = (): Promise<ChatResult> =>
      ask('a long story', { maxTokens: 3_000, sampling: { temperature: 1, topK: 64, topP: 1, seed: 8 } });

    it('a chat is written to the same letter while the model of completion is changed three times', async () => {
      await load('chat', one);
      const undisturbed = await story();
      const switching = whileItRuns(async () => {
        for (const model of [undefined, two, undefined]) {
          await load('completion', model);
          await complete();
        }
      });
      let stories = 0;
      for (; switching.isRunning; stories++) {
        const { answer, cachedTokens, promptTokens } = await story();
        assert.equal(answer, undisturbed.answer);
        assert.equal(cachedTokens, promptTokens - 1);
      }
      await switching.end;
      assert.ok(stories > 0);
    });

    // What follows is the same on every backend.
    if (backend === 'wasm') return;

    it('lines are completed as before while the model of the chat is changed three times', async () => {
      await load('completion');
      const undisturbed = await complete();
      assert.ok(undisturbed !== null);
      const switching = whileItRuns(async () => {
        for (const model of [one, two, one]) {
          await load('chat', model);
          await ask('a question');
        }
      });
      while (switching.isRunning) assert.equal(await complete(), undisturbed);
      await switching.end;
    });

    it('the same one is loaded once, and stays for the one while the other changes', async () => {
      const { weightBytes } = await load('completion', one);
      const alone = (await status()).memory.weightBytes;
      assert.ok(alone >= weightBytes);
      await load('chat', one);
      const { models, memory } = await status();
      assert.deepEqual([models.completion, memory.weightBytes], [models.chat, alone]);
      const { answer } = await ask('a question');

      await load('completion');
      assert.ok((await status()).memory.weightBytes > alone);
      assert.equal((await ask('a question')).answer, answer);
      await load('chat');
      assert.ok((await status()).memory.weightBytes !== alone);
      await assert.rejects(ask('a question'), { code: 'bad-input' });
    });

    it('both come back after the process was killed', async () => {
      await load('completion');
      await load('chat', one);
      const [text, { answer }] = [await complete(), await ask('a question')];
      const { pid, models } = await status();
      kill(pid, 'SIGKILL');
      await until('the death is noticed', () => client.state.name === 'restarting');
      assert.deepEqual([await complete(), (await ask('a question')).answer], [text, answer]);
      const names = Object.values((await status()).models).map((model) => model?.name);
      assert.deepEqual(names, [models.completion?.name, models.chat?.name]);
    });

    it('they take turns where the memory is for one', async () => {
      await load('completion', two);
      await load('chat', one);
      const [text, { answer }] = [await complete(), await ask('a question')];
      const both = (await status()).memory.weightBytes;
      const memoryBytes = Math.max(...(await Promise.all([one, two].map(needed))));
      await load('completion', two, { memoryBytes });
      for (let turn = 0; turn < 2; turn++) {
        const answers = [complete(), ask('a question').then((result) => result.answer)];
        assert.deepEqual(await Promise.all(answers), [text, answer]);
        const { models, memory } = await status();
        assert.equal(Object.values(models).filter((model) => model !== null).length, 1);
        assert.ok(memory.weightBytes < both);
      }
    });

    it('one that has no room at all is refused with numbers', async () => {
      await load('completion');
      const text = await complete();
      await assert.rejects(load('chat', one, { memoryBytes: 1_000 }), {
        code: 'out-of-memory',
        message: /needs \d+\.\d\d GB of memory, and models may take 0\.00 GB/u,
      });
      await load('completion', undefined, { memoryBytes: 0 });
      assert.equal(await complete(), text);
    });
  });
}
