import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { CancelFlag } from '../../../src/inference/engine/cancelFlag.ts';
import { createEngine } from '../../../src/inference/engine/createEngine.ts';
import type { Engine, LoadPlan } from '../../../src/inference/engine/engine.ts';
import { Scheduler } from '../../../src/inference/engine/scheduler.ts';
import type { Turn } from '../../../src/inference/kv/turn.ts';
import type { ChatParams, CompleteParams } from '../../../src/protocol/engine.ts';
import { type ImportedChatModel, importChatModel } from '../../support/chatCheckpoint.ts';

const question = 'write a function that adds two numbers, and then add the two numbers again.';

function chat(turns: ChatParams['turns'], more: Partial<ChatParams> = {}): ChatParams {
  return {
    stream: 'test',
    purpose: 'chat',
    system: 'you are short.',
    turns,
    prefill: '',
    thinking: false,
    maxTokens: 40,
    sampling: { temperature: 1, topK: 64, topP: 0.95, seed: 3 },
    ...more,
  };
}

const completion: CompleteParams = {
  document: 'file:///a.ts',
  fileName: 'a.ts',
  languageId: 'typescript',
  prefix: 'const a = 1;\nconst b = ',
  suffix: '\n',
  neighbors: [],
  trigger: 'invoked',
};

const alone: Turn = new CancelFlag();
const silent = (): void => undefined;

for (const [backend, quantization] of [
  ['native', 'f32'],
  ['wasm', 'f32'],
] as const) {
  describe(`a chat on ${backend}, ${quantization}`, () => {
    let model: ImportedChatModel;
    let engine: Engine;
    const plan = (): LoadPlan => ({
      folder: model.folder,
      backend,
      snapshots: null,
      memoryBytes: 1e9,
    });
    before(async () => {
      model = await importChatModel(quantization);
      engine = createEngine();
      await engine.load('chat', plan(), alone);
    });
    after(async () => {
      for (const role of ['completion', 'chat'] as const) await engine.unload(role);
      await model.remove();
    });

    it('tells its text as it is written, and the whole of it at the end', async () => {
      let told = '';
      const result = await engine.chat(
        chat([{ role: 'user', text: question }]),
        ({ answer }) => (told += answer),
        alone,
      );
      assert.equal(told, result.answer);
      assert.ok(result.tokens === 40 || result.ended === 'stop');
      assert.ok(result.answer.length > 0);
    });

    it('answers the same again, from the cache', async () => {
      const params = chat([{ role: 'user', text: `${question} again` }]);
      const first = await engine.chat(params, silent, alone);
      const second = await engine.chat(params, silent, alone);
      assert.equal(second.answer, first.answer);
      assert.equal(second.cachedTokens, second.promptTokens - 1);
    });

    it('begins with the prefill', async () => {
      const turns: ChatParams['turns'] = [{ role: 'user', text: question }];
      const { answer } = await engine.chat(chat(turns, { prefill: 'sum = ' }), silent, alone);
      assert.ok(answer.startsWith('sum = '));
    });

    it('computes only the new turn of a conversation that goes on', async () => {
      const turns: ChatParams['turns'] = [{ role: 'user', text: question }];
      const first = await engine.chat(chat(turns), silent, alone);
      const next = 'and now in one line';
      const second = await engine.chat(
        chat([...turns, { role: 'model', text: first.answer }, { role: 'user', text: next }]),
        silent,
        alone,
      );
      // The token at which an answer was cut off is written, but not yet run.
      const known = first.promptTokens + first.tokens - (first.ended === 'limit' ? 1 : 0);
      assert.equal(second.cachedTokens, known);
      assert.ok(second.promptTokens > known + next.length / 2);
    });

    it('keeps two conversations apart, each with its own cache', async () => {
      const [one, two] = [
        chat([{ role: 'user', text: `one ${question}` }]),
        chat([{ role: 'user', text: `two ${question}` }]),
      ];
      const first = await engine.chat(one, silent, alone);
      await engine.chat(two, silent, alone);
      const again = await engine.chat(one, silent, alone);
      assert.equal(again.answer, first.answer);
      assert.equal(again.cachedTokens, again.promptTokens - 1);
    });

    it('loses no bit and computes nothing twice when completions come in between', async () => {
      const params = chat([{ role: 'user', text: question }], { maxTokens: 60 });
      const afresh = async (): Promise<void> => {
        for (const role of ['completion', 'chat'] as const) await engine.unload(role);
        for (const role of ['completion', 'chat'] as const) await engine.load(role, plan(), alone);
      };
      await afresh();
      const expected = await engine.chat(params, silent, alone);
      await afresh();

      let polls = 0;
      const completions: Promise<unknown>[] = [];
      const scheduler = new Scheduler(() => {
        polls += 1;
        if (polls % 3 !== 0 || completions.length > 8) return;
        const prefix = `const n${completions.length} = [${polls}];\n${completion.prefix}`;
        completions.push(
          scheduler.run('completion', new CancelFlag(), (turn) =>
            engine.complete({ ...completion, prefix }, turn),
          ),
        );
      });
      const actual = await scheduler.run('chat', new CancelFlag(), (turn) =>
        engine.chat(params, silent, turn),
      );
      await Promise.all(completions);
      assert.ok(completions.length > 3);
      assert.equal(actual.answer, expected.answer);
      assert.equal(actual.cachedTokens, 0);
      assert.equal(actual.forwards, expected.forwards);
    });

    it('goes on beyond the context of a completion', async () => {
      const turns: ChatParams['turns'] = [{ role: 'user', text: 'rather long '.repeat(200) }];
      const { promptTokens, answer } = await engine.chat(chat(turns), silent, alone);
      assert.ok(promptTokens > 2_048);
      const again = await engine.chat(
        chat([...turns, { role: 'model', text: answer }, { role: 'user', text: question }]),
        silent,
        alone,
      );
      assert.ok(again.cachedTokens >= promptTokens);
    });

    it('says what is wrong with a conversation that is too long, and serves the next', async () => {
      const long = 'far too long '.repeat(800);
      await assert.rejects(engine.chat(chat([{ role: 'user', text: long }]), silent, alone), {
        code: 'bad-input',
        message: /context holds 4096/,
      });
      await engine.chat(chat([{ role: 'user', text: question }]), silent, alone);
    });

    it('stops between two tokens when cancelled, and goes on from there when asked again', async () => {
      const params = chat([{ role: 'user', text: `cancel ${question}` }]);
      const cancel = new CancelFlag();
      let told = 0;
      const cancelled = engine.chat(params, () => void (++told === 5 && cancel.cancel()), cancel);
      await assert.rejects(cancelled, { code: 'cancelled' });
      const { cachedTokens, promptTokens } = await engine.chat(params, silent, alone);
      assert.equal(cachedTokens, promptTokens - 1);
    });
  });
}
