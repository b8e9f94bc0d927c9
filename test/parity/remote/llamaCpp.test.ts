import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RemoteEngine } from '../../../src/remote/remoteEngine.ts';
import { question } from '../../support/clientRequests.ts';
import { writeGguf } from '../../support/llamaCpp/gguf.ts';
import { chatPrompt, LlamaCppServer } from '../../support/llamaCpp/llamaCppServer.ts';
import { talkative } from '../../support/tinyGenerations.ts';

const { stream: _stream, ...asked } = question('Why is it so?');
const { signal } = new AbortController();

describe('llama.cpp behind a socket', () => {
  let folder: string;
  let llama: LlamaCppServer;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gemma-code-remote-'));
    const file = join(folder, 'model.gguf');
    await writeGguf(file, talkative('Gemma 1'), { body: 'F32', embedding: 'F32' });
    llama = await LlamaCppServer.start(file, 'codegemma-2b', 512);
  });

  after(async () => {
    await llama[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const engine = (): RemoteEngine => new RemoteEngine(llama.server.connection(), '');

  async function written(prompt: string, tokens: number): Promise<string> {
    let text = '';
    for await (const piece of llama.write(prompt, tokens)) text += piece;
    return text;
  }

  it('streams its own tokens, every one of them', async () => {
    const expected = await written(chatPrompt([{ role: 'user', content: 'Why is it so?' }]), 40);
    let pieces = 0;
    let heard = '';
    const params = { ...asked, system: '', maxTokens: 40 };
    const result = await engine().chat(params, ({ answer }) => ((heard += answer), pieces++), signal);
    assert.equal(result.answer, expected);
    assert.equal(heard, expected);
    assert.ok(pieces > 10);
    assert.deepEqual([result.tokens, result.ended], [40, 'limit']);
    assert.ok(result.promptTokens > 10);
  });

  it('stops working when the answer is not wanted any more', async () => {
    const abort = new AbortController();
    const before = llama.generated;
    let pieces = 0;
    const running = engine().chat(
      { ...asked, maxTokens: 400 },
      () => {
        if (++pieces === 5) abort.abort();
      },
      abort.signal,
    );
    await assert.rejects(running, { code: 'cancelled' });
    await llama.server.asked.at(-1)?.gone;
    assert.ok(llama.generated - before < 400, `${llama.generated - before} tokens`);
  });

  it('counts its own tokens', async () => {
    const texts = ['function add(a, b) {', '', 'wörld 🎉', 'a\n\tb'];
    assert.deepEqual(
      await engine().countTokens(texts, signal),
      texts.map((text) => llama.tokenize(text).length),
    );
  });

  it('knows its context, and completes by CodeGemma’s layout where it can’t fill in', async () => {
    const remote = engine();
    assert.equal((await remote.describe(signal)).contextTokens, 512);
    assert.equal(await remote.fillIn(signal), 'codegemma');
    const cursor = { prefix: 'let a = ', suffix: ';\n' };
    const result = await remote.complete(
      {
        document: 'file:///a.ts',
        fileName: 'a.ts',
        languageId: 'typescript',
        ...cursor,
        neighbors: [],
        trigger: 'automatic',
      },
      signal,
    );
    assert.equal(
      llama.server.asked.at(-1)?.body?.['prompt'],
      `<|fim_prefix|>${cursor.prefix}<|fim_suffix|>${cursor.suffix}<|fim_middle|>`,
    );
    assert.ok(result.text !== null || result.reason !== null);
  });
});
