import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import type { Engine } from '../../src/extension/engine.ts';
import { languageModelVendor } from '../../src/extension/ids.ts';
import { writeChatCheckpoint } from '../support/chatCheckpoint.ts';
import { engineReady, until, withSetting } from './support/editor.ts';

const { User, Assistant } = vscode.LanguageModelChatMessageRole;
const message = (role: vscode.LanguageModelChatMessageRole, text: string): vscode.LanguageModelChatMessage =>
  new vscode.LanguageModelChatMessage(role, text);

const models = (): Thenable<vscode.LanguageModelChat[]> =>
  vscode.lm.selectChatModels({ vendor: languageModelVendor });

async function untilModels(count: number): Promise<vscode.LanguageModelChat[]> {
  const end = Date.now() + 30_000;
  for (;;) {
    const found = await models();
    if (found.length === count) return found;
    assert.ok(Date.now() < end, `${found.length} models instead of ${count}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('the model for other extensions', function () {
  this.timeout(120_000);
  let folder: string;
  let engine: Engine;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'chat-model-'));
    await writeChatCheckpoint(path.join(folder, 'gemma-tiny-it'));
    ({ engine } = await engineReady());
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const withChatModel = (work: (model: vscode.LanguageModelChat) => Promise<void>): Promise<void> =>
    withSetting('gemmaCode.chat.model', path.join(folder, 'gemma-tiny-it'), async () => {
      const [model] = await untilModels(1);
      assert.ok(model);
      await work(model);
    });

  it('is not there while none is chosen for the chat, and comes and goes with one that is', async () => {
    await untilModels(0);
    await withChatModel(async ({ name, family, maxInputTokens }) => {
      assert.deepEqual([name, family], ['gemma-tiny-it', 'gemma']);
      assert.ok(maxInputTokens >= 2_048);
    });
    await untilModels(0);
  });

  it('streams its answers, stops when it is told to, and counts tokens', async () => {
    await withChatModel(async (model) => {
      const messages = [message(User, 'be short.'), message(User, 'why?'), message(Assistant, 'be')];
      const answer = await model.sendRequest([...messages, message(User, 'say more')], {
        modelOptions: { seed: 1, max_tokens: 60 },
      });
      const parts: string[] = [];
      for await (const part of answer.text) parts.push(part);
      assert.ok(parts.length > 1, 'it came at once');

      const stop = new vscode.CancellationTokenSource();
      // Random weights end an answer anywhere; with this seed it is long.
      const options = { modelOptions: { seed: 1 } };
      const long = await model.sendRequest([message(User, 'a long story')], options, stop.token);
      let heard = 0;
      await assert.rejects(async () => {
        for await (const _part of long.text) if (++heard === 3) stop.cancel();
      });
      // Nobody uses it, so that it is not kept.
      await until('the chat being over', () => engine.statusOf('chat').name === 'off');

      const [none, some, more] = await Promise.all(
        ['', 'abc', 'abc abc'].map((text) => model.countTokens(text)),
      );
      assert.equal(none, 0);
      assert.ok(some! >= 3 && more! > some!);
      assert.equal(await model.countTokens(message(User, 'abc')), some);
    });
  });
});
