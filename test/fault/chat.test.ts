import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { EngineClient } from '../../src/client/engineClient.ts';
import type { ChatParams, ChatResult } from '../../src/protocol/engine.ts';
import { type ImportedChatModel, importChatModel } from '../support/chatCheckpoint.ts';
import { testHome } from '../support/inferenceProcess.ts';
import type { TestHome } from '../support/inferenceProcess.ts';

const entry = resolve('dist/inference/main.mjs');
const system = 'you write code. answer in one line, and say what you do not know. '.repeat(4);

type Turns = ChatParams['turns'];
const user = (text: string): Turns[number] => ({ role: 'user', text });
const model = (text: string): Turns[number] => ({ role: 'model', text });

/** Tokens that an answer waited for: those of its prompt that were not known. */
const prefilled = ({ promptTokens, cachedTokens }: ChatResult): number => promptTokens - cachedTokens;
/** The token at which an answer was cut off is written, but not yet run. */
const unfinished = ({ ended }: ChatResult): number => (ended === 'limit' ? 1 : 0);

for (const backend of ['native', 'wasm'] as const) {
  describe(`conversations with the built process on ${backend}`, function () {
    this.timeout(60_000);
    let checkpoint: ImportedChatModel;
    let home: TestHome;
    let client: EngineClient;
    let streams = 0;

    before(async () => {
      assert.ok(existsSync(entry), 'Build first: npm run build');
      checkpoint = await importChatModel('f32');
    });
    beforeEach(async () => {
      home = await testHome({ entry });
      client = home.client();
      await client.call('load', { role: 'chat', model: checkpoint.folder, backend });
    });
    afterEach(() => home.dispose());
    after(() => checkpoint.remove());

    function params(turns: Turns, more: Partial<ChatParams> = {}): ChatParams {
      return {
        stream: String(++streams),
        purpose: 'chat',
        system,
        turns,
        prefill: '',
        thinking: false,
        maxTokens: 40,
        sampling: { temperature: 1, topK: 64, topP: 0.95, seed: 3 },
        ...more,
      };
    }

    const ask = (turns: Turns, more: Partial<ChatParams> = {}): Promise<ChatResult> =>
      client.call('chat', params(turns, more));

    async function count(turns: Turns, withSystem = ''): Promise<number> {
      const shown = { system: withSystem, turns, prefill: '', thinking: false };
      return (await client.call('countChat', shown)).tokens;
    }

    /** Tokens of a further question: its own, what is around it, and the end of the answer before it. */
    async function furtherQuestion(text: string): Promise<number> {
      const [bos, turnEnd] = [1, 2];
      return (await count([user(text)])) - bos + turnEnd;
    }

    /** Tokens that all conversations begin with: `<bos><start_of_turn>user` and the system text. */
    async function stem(): Promise<number> {
      const { counts } = await client.call('countTokens', { texts: ['user\n'] });
      const controls = 2;
      return (await count([user('x')], system)) - (await count([user('x')])) + controls + counts[0]!;
    }

    it('count before as the answer counts', async () => {
      const turns = [user('write a test'), model('no'), user('why not?')];
      assert.equal((await ask(turns)).promptTokens, await count(turns, system));
      const { counts } = await client.call('countTokens', { texts: ['', 'abc', 'ab c'] });
      assert.equal(counts[0], 0);
      assert.ok(counts[1]! > 0 && counts[2]! > counts[1]!);
    });

    it('compute the system text once: a new conversation and a command wait for their own tokens', async () => {
      const first = await ask([user('one question')]);
      assert.equal(prefilled(first), first.promptTokens);
      const shared = await stem();
      assert.ok(shared > 200);
      for (const purpose of ['chat', 'edit'] as const) {
        const second = await ask([user(`${purpose} this`)], { purpose });
        assert.equal(prefilled(second), second.promptTokens - shared);
      }
    });

    it('keep the system text when other sequences have taken the memory', async () => {
      await ask([user('one question')]);
      for (let i = 0; i < 40; i++)
        await ask([user(`${i} without a system text`)], { system: '', maxTokens: 1 });
      const { evictions } = (await client.call('status', {})).kv!;
      assert.ok(evictions > 0);
      const later = await ask([user('two questions')]);
      assert.equal(prefilled(later), later.promptTokens - (await stem()));
    });

    it('compute of a further question only what is new', async () => {
      const turns = [user('write a function that adds two numbers')];
      const first = await ask(turns);
      const next = 'and now in one line';
      const second = await ask([...turns, model(first.answer), user(next)]);
      assert.equal(prefilled(second), (await furtherQuestion(next)) + unfinished(first));
    });

    it('go on after an answer that was stopped in the middle, from the text that was heard', async () => {
      const turns = [user('tell a long story')];
      const request = params(turns, {
        maxTokens: 2_000,
        sampling: { temperature: 1, topK: 64, topP: 1, seed: 5 },
      });
      const stop = new AbortController();
      let heard = '';
      client.onEvent('chatText', ({ stream, answer }) => {
        if (stream !== request.stream || stop.signal.aborted) return;
        heard += answer;
        if (heard.length > 30) stop.abort();
      });
      await assert.rejects(client.call('chat', request, stop.signal), { code: 'cancelled' });
      const next = 'go on';
      const second = await ask([...turns, model(heard), user(next)]);
      const least = await furtherQuestion(next);
      assert.ok([least, least + 1].includes(prefilled(second)), `${prefilled(second)}, ${least} at least`);
    });

    it('can be switched between at no cost', async () => {
      const one = [user('one function')];
      const two = [user('two functions')];
      const [first, second] = [await ask(one), await ask(two)];
      const next = 'and a test';
      const further = await furtherQuestion(next);
      const firstAgain = await ask([...one, model(first.answer), user(next)]);
      assert.equal(prefilled(firstAgain), further + unfinished(first));
      const secondAgain = await ask([...two, model(second.answer), user(next)]);
      assert.equal(prefilled(secondAgain), further + unfinished(second));
    });

    it('have an answer written anew after computing one token', async () => {
      const turns = [user('write a poem')];
      await ask(turns);
      assert.equal(
        prefilled(await ask(turns, { sampling: { temperature: 1, topK: 64, topP: 1, seed: 9 } })),
        1,
      );
    });

    it('are counted while an answer is being written', async () => {
      const stop = new AbortController();
      const writing = client.call('chat', params([user('a long story')], { maxTokens: 3_000 }), stop.signal);
      let ended = false;
      const end = writing.catch(() => undefined).finally(() => (ended = true));
      const start = performance.now();
      const tokens = await count([user('a question')], system);
      const ms = performance.now() - start;
      assert.equal(ended, false);
      assert.ok(tokens > 200 && ms < 2_000, `${tokens} tokens, ${ms} ms`);
      stop.abort();
      await end;
    });

    it('of the largest size that the protocol allows reach the engine', async () => {
      const { counts } = await client.call('countTokens', { texts: ['語'.repeat(400_000)] });
      assert.ok(counts[0]! >= 400_000);
    });
  });
}
