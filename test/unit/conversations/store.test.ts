import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import type { Message, Question } from '../../../src/chat/conversation.ts';
import { ConversationStore } from '../../../src/conversations/conversationStore.ts';

let home: string;
let store: ConversationStore;
let asked = 0;

const question = (text: string): Question => ({
  role: 'user',
  id: `question-${++asked}`,
  time: 1,
  text,
  attachments: [],
});
const file = (id: string): string => join(home, 'conversations', `${id}.jsonl`);
const texts = (messages: readonly Message[]): string[] => messages.map(({ text }) => text);

/** A conversation of one question and one answer, closed. */
async function written(text: string, answer: string): Promise<string> {
  const conversation = await store.create();
  const begun = question(text);
  await conversation.ask(begun);
  const writer = await conversation.beginAnswer('gemma', begun.id);
  writer.push(answer, '');
  await writer.end('stop');
  await conversation.dispose();
  return conversation.id;
}

describe('Conversations on disk', () => {
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'conversations-'));
    store = await ConversationStore.open(home);
  });
  afterEach(() => rm(home, { recursive: true }));

  it('come back as they were', async () => {
    const id = await written('What does this do?', 'It adds.');
    const conversation = await store.open(id);
    const { title, messages } = conversation.conversation;
    assert.equal(title, 'What does this do?');
    assert.deepEqual(texts(messages), ['What does this do?', 'It adds.']);
    assert.equal(messages[1]?.role === 'model' && messages[1].end, 'stop');
    await conversation.dispose();
  });

  it('lose what a cut takes away, and keep their new name', async () => {
    const id = await written('first', 'answer');
    const conversation = await store.open(id);
    const [first] = conversation.conversation.messages;
    await conversation.rename('About adding');
    await conversation.cut(first!.id);
    await conversation.ask(question('again'));
    await conversation.dispose();
    const { title, messages } = (await store.open(id)).conversation;
    assert.deepEqual([title, texts(messages)], ['About adding', ['again']]);
  });

  it('show an answer whose window is gone as interrupted, with all that was saved', async () => {
    const conversation = await store.create();
    await conversation.ask(question('Explain'));
    const lines = [
      { type: 'answer', id: 'answer-of-another', time: 2, model: 'gemma' },
      { type: 'text', id: 'answer-of-another', text: 'Half an', thought: '' },
    ];
    await appendFile(file(conversation.id), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const writing = (await store.open(conversation.id)).conversation.messages[1];
    assert.equal(writing?.role === 'model' && writing.end, null);
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(file(conversation.id), longAgo, longAgo);
    const gone = (await store.open(conversation.id)).conversation.messages[1];
    assert.deepEqual(gone?.role === 'model' && [gone.text, gone.end], ['Half an', 'interrupted']);
    await conversation.dispose();
  });

  it('tell a window what another one writes', async () => {
    const id = await written('one', 'two');
    const [here, there] = [await store.open(id), await store.open(id)];
    const heard = new Promise<void>((resolve) => {
      here.onChange(resolve);
    });
    await there.ask(question('three'));
    await heard;
    assert.deepEqual(texts(here.conversation.messages), ['one', 'two', 'three']);
    await Promise.all([here.dispose(), there.dispose()]);
  });

  it('show an answer behind its question, whatever another window asked meanwhile', async () => {
    const id = await written('start', 'begun');
    const windows = [await store.open(id), await store.open(id)];
    const questions = windows.map((_, window) => question(`question of ${window}`));
    for (const [window, conversation] of windows.entries()) await conversation.ask(questions[window]!);
    for (const window of [1, 0]) {
      const writer = await windows[window]!.beginAnswer('gemma', questions[window]!.id);
      writer.push(`answer of ${window}`, '');
      await writer.end('stop');
    }
    for (const window of windows) await window.dispose();
    assert.deepEqual(texts((await store.open(id)).conversation.messages), [
      'start',
      'begun',
      'question of 0',
      'answer of 0',
      'question of 1',
      'answer of 1',
    ]);
  });

  it('hold all that two windows write at the same time', async () => {
    const id = await written('start', '');
    const windows = [await store.open(id), await store.open(id)];
    await Promise.all(
      windows.map(async (conversation, window) => {
        for (let i = 0; i < 50; i++)
          await conversation.ask(question(`${window}:${i} ${'x'.repeat(i * 100)}`));
      }),
    );
    for (const window of windows) await window.dispose();
    const found = texts((await store.open(id)).conversation.messages).map((text) => text.split(' ')[0]);
    for (const window of [0, 1]) {
      const own = found.filter((text) => text?.startsWith(`${window}:`));
      assert.deepEqual(
        own,
        Array.from({ length: 50 }, (_, i) => `${window}:${i}`),
      );
    }
  });

  it('of a later version can be read and are never written to', async () => {
    const id = await written('old', 'friend');
    const lines = await readFile(file(id), 'utf8');
    await writeFile(file(id), lines.replace('"version":1', '"version":2'));
    const conversation = await store.open(id);
    assert.equal(conversation.isReadOnly, true);
    await assert.rejects(conversation.ask(question('new')), { code: 'bad-input' });
    assert.deepEqual(texts(conversation.conversation.messages), ['old', 'friend']);
  });

  it('are listed by their last change, found by title and text, and stay deleted', async () => {
    const [first, second] = [await written('Alpha', 'about sorting'), await written('Beta', 'about trees')];
    const soon = new Date(Date.now() + 5_000);
    await utimes(file(first), soon, soon);
    assert.deepEqual(
      (await store.list()).map(({ title }) => title),
      ['Alpha', 'Beta'],
    );
    assert.deepEqual(
      (await store.list('TREES')).map(({ id }) => id),
      [second],
    );
    await store.delete(first);
    assert.deepEqual(
      (await store.list()).map(({ title }) => title),
      ['Beta'],
    );
    assert.deepEqual((await readdir(join(home, 'conversations'))).length, 1);
  });

  it('are searched again where they have changed, and not read where they have not', async () => {
    const id = await written('Alpha', 'about sorting');
    assert.equal((await store.list('trees')).length, 0);
    const other = await ConversationStore.open(home);
    const conversation = await other.open(id);
    await conversation.ask(question('And trees?'));
    await conversation.dispose();
    const then = new Date(1_000_000);
    await utimes(file(id), then, then);
    assert.deepEqual(
      (await store.list('trees')).map(({ title }) => title),
      ['Alpha'],
    );
    await writeFile(file(id), '');
    await utimes(file(id), then, then);
    assert.equal((await store.list('trees')).length, 1);
    assert.equal((await store.list('sorting')).length, 1);
    assert.equal((await store.list('elephants')).length, 0);
  });

  it('keep every whole line, wherever a crash cuts the file, and go on after it', async () => {
    const history = ['a question', 'an answer 😀 with more than ASCII'] as const;
    const id = await written(...history);
    const whole = await readFile(file(id));
    const headerEnd = whole.indexOf(0x0a) + 1;
    for (let end = headerEnd; end <= whole.length; end++) {
      await writeFile(file(id), whole.subarray(0, end));
      const torn = await store.open(id);
      const before = texts(torn.conversation.messages);
      await torn.ask(question('after the crash'));
      await torn.dispose();
      const after = texts((await store.open(id)).conversation.messages);
      assert.equal(after.pop(), 'after the crash');
      // A last line that only lacked its end counts from now on.
      assert.ok(after.length >= before.length);
      assert.ok(after.every((text, i) => text === history[i] || (text === '' && before[i] !== history[i])));
    }
  });

  it('survive any line of any content: it is set aside, once, and the others are shown', async () => {
    const id = await written('a question', 'an answer');
    const lines = (await readFile(file(id), 'utf8')).split('\n').slice(0, -1);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.constant('\uD800')),
        fc.nat(lines.length - 2),
        async (foreign, place) => {
          const bad = foreign.replaceAll('\n', ' ');
          await rm(`${file(id)}.bad`, { force: true });
          await writeFile(file(id), `${lines.toSpliced(place + 1, 0, bad).join('\n')}\n`);
          for (let opened = 0; opened < 2; opened++) {
            assert.deepEqual(texts((await store.open(id)).conversation.messages), [
              'a question',
              'an answer',
            ]);
          }
          const aside = (await readFile(`${file(id)}.bad`, 'utf8')).split('\n');
          assert.equal(aside.length, 2);
        },
      ),
      { numRuns: 60 },
    );
  });
});
