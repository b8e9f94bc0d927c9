import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import type { AnswerView, ConversationView, FromChat, QuestionView } from '../../src/protocol/chat.ts';
import { openWindow, type Window } from '../host/browser.ts';
import { chatWords } from '../support/chatWords.ts';
import { ChatPage } from './chatPage/chatPage.ts';

const question: QuestionView = {
  role: 'user',
  id: 'q1',
  time: 1,
  text: 'Why is <b>it</b> wrong?',
  attachments: [{ kind: 'selection', label: 'orders.ts:12–30' }],
};
const answer: AnswerView = {
  role: 'model',
  id: 'a1',
  time: 2,
  text: 'Because of **cents**.\n\n```ts\nlet x = 1;\n```\n',
  thought: 'Hm.',
  end: 'stop',
  error: null,
  model: 'Gemma 3 4B',
  progress: null,
  statistics: { promptTokens: 1_840, cachedTokens: 1_210, tokens: 200, prefillMs: 800, decodeMs: 8_000 },
};
const conversation: ConversationView = {
  id: 'c1',
  title: 'Orders',
  readOnly: false,
  messages: [question, answer],
};
const idle = { attachments: [], context: null, running: false };
const long = Array.from({ length: 120 }, (_, index) => `Paragraph ${index}.\n\n`).join('');

describe('the chat page', function () {
  let window: Window;
  let chat: ChatPage;
  let box: Locator;

  /** What was asked since, but for drafts, which are told in their own time. */
  const asked = async (): Promise<FromChat[]> =>
    (await chat.asked()).filter(({ type }) => type !== 'draft' && type !== 'ready');
  const button = (name: string): Locator => chat.page.getByRole('button', { name, exact: true });

  beforeEach(async () => {
    window = await openWindow();
    chat = await ChatPage.open(window);
    box = chat.page.getByRole('textbox', { name: chatWords.box });
    await box.waitFor();
  });

  afterEach(async () => {
    assert.deepEqual(chat.errors, [], 'violations of the policy, errors, anything on the console');
    assert.deepEqual([...chat.requests, ...window.foreignRequests], []);
    await window.close();
  });

  describe('before anything was asked', () => {
    it('offers examples that fill the box and send nothing', async () => {
      await button(chatWords.examples[1] ?? '').click();
      await chat.settle();
      assert.equal(await box.inputValue(), chatWords.examples[1]);
      assert.ok(await box.evaluate((element) => element === document.activeElement));
      assert.deepEqual(await asked(), []);
    });

    it('says that there is no model to chat with, and leads to the choice of one', async () => {
      await chat.tell({ type: 'model', model: { state: 'none', name: '', sentence: '', progress: null } });
      await chat.page.getByRole('heading', { name: chatWords.noModelTitle }).waitFor();
      assert.ok(await box.isDisabled());
      await chat.page.locator('.welcome').getByRole('button', { name: chatWords.chooseModel }).click();
      await chat.page.locator('.welcome').getByRole('button', { name: chatWords.getModel }).click();
      assert.deepEqual(await asked(), [{ type: 'pickModel' }, { type: 'getModel' }]);
    });
  });

  describe('the box', () => {
    it('sends with Enter, begins a line with Shift+Enter, and is empty then', async () => {
      await box.pressSequentially('one');
      await box.press('Shift+Enter');
      await box.pressSequentially('two');
      await box.press('Enter');
      assert.deepEqual(await asked(), [{ type: 'send', text: 'one\ntwo' }]);
      assert.equal(await box.inputValue(), '');
    });

    it('sends nothing that is blank, and nothing that an input method still composes', async () => {
      await box.fill('  \n ');
      await box.press('Enter');
      await box.fill('にほん');
      await box.evaluate((element) => {
        for (const init of [{ isComposing: true }, { keyCode: 229 }])
          element.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, ...init }));
      });
      assert.deepEqual(await asked(), []);
    });

    it('recalls the last question with ArrowUp, but only when it is empty', async () => {
      await chat.tell({ type: 'conversation', conversation });
      await box.press('ArrowUp');
      assert.equal(await box.inputValue(), question.text);
      await box.fill('mine');
      await box.press('ArrowUp');
      assert.equal(await box.inputValue(), 'mine');
    });

    it('grows with its text, and no higher than the page has room for', async () => {
      const height = (): Promise<number> => box.evaluate((element) => element.clientHeight);
      const one = await height();
      await box.fill('1\n2\n3\n4');
      assert.ok((await height()) > 3 * one);
      await box.fill('\n'.repeat(500));
      assert.ok((await height()) <= 320);
      await box.fill('');
      assert.equal(await height(), one);
    });

    it('tells its text, and takes it back without the focus when the page is loaded again', async () => {
      await box.pressSequentially('half a thought');
      while (!(await chat.asked()).some((one) => one.type === 'draft' && one.text === 'half a thought'))
        await chat.settle();
      await box.fill('');
      await button(chatWords.history).focus();
      await chat.tell({ type: 'draft', text: 'half a thought', focus: false });
      assert.equal(await box.inputValue(), 'half a thought');
      assert.equal(await box.evaluate((element) => element === document.activeElement), false);
    });

    it('stops an answer while it is written, and sends nothing meanwhile', async () => {
      await chat.tell({ type: 'composer', composer: { ...idle, running: true } });
      await box.fill('next');
      await box.press('Enter');
      await button(chatWords.stop).click();
      assert.deepEqual(await asked(), [{ type: 'stop' }]);
      assert.equal(await box.inputValue(), 'next');
    });

    it('says why nothing can be sent, or what is waited for', async () => {
      const model = {
        state: 'busy',
        name: 'Gemma',
        sentence: 'The model is being loaded.',
        progress: 0.4,
      } as const;
      await chat.tell({ type: 'model', model: { ...model, state: 'error' } });
      await box.fill('hello');
      await box.press('Enter');
      assert.deepEqual(await asked(), []);
      await chat.tell({ type: 'model', model });
      await box.press('Enter');
      assert.deepEqual(await asked(), [{ type: 'send', text: 'hello' }]);
      assert.equal(
        await box.evaluate((element) => {
          const described = element.getAttribute('aria-describedby') ?? '';
          return document.getElementById(described)?.textContent;
        }),
        'The model is being loaded.',
      );
      await button('Model: Gemma, getting ready 40%').waitFor();
    });

    it('completes a command after a slash', async () => {
      await box.pressSequentially('/');
      const options = chat.page.getByRole('listbox', { name: chatWords.slashChoices }).getByRole('option');
      assert.equal(await options.count(), 2);
      await box.press('ArrowDown');
      const active = await box.getAttribute('aria-activedescendant');
      assert.equal(await chat.page.locator('[aria-selected=true]').getAttribute('id'), active);
      await box.press('Enter');
      assert.equal(await box.inputValue(), '/fix ');
      assert.equal(await options.count(), 0);
      assert.deepEqual(await asked(), []);
    });

    it('attaches what is chosen after a #, and takes the query out of the text', async () => {
      await box.pressSequentially('see #ord');
      await chat.tell({ type: 'choices', query: 'o', choices: [] });
      await chat.tell({
        type: 'choices',
        query: 'ord',
        choices: [{ id: 'f1', kind: 'file', label: 'orders.ts', detail: 'src' }],
      });
      await chat.page.getByRole('option', { name: 'orders.ts' }).waitFor();
      await box.press('Tab');
      assert.equal(await box.inputValue(), 'see ');
      const messages = await asked();
      assert.deepEqual(messages.slice(-2), [
        { type: 'findAttachments', query: 'ord' },
        { type: 'attach', id: 'f1' },
      ]);
    });

    it('closes the list with Escape until something else is chosen', async () => {
      await box.pressSequentially('/f');
      await chat.page.getByRole('listbox').waitFor();
      await box.press('Escape');
      assert.equal(await chat.page.getByRole('listbox').count(), 0);
      await box.press('Enter');
      assert.deepEqual(await asked(), [{ type: 'send', text: '/f' }]);
    });

    it('shows what goes with the question, removes it, and how full the context is', async () => {
      await chat.tell({
        type: 'composer',
        composer: {
          attachments: [{ id: 'x1', kind: 'file', label: 'orders.ts', tokens: 812 }],
          context: { tokens: 2_048, limit: 8_192 },
          running: false,
        },
      });
      const meter = chat.page.getByRole('meter', { name: chatWords.contextName });
      assert.equal(await meter.getAttribute('aria-valuetext'), '2,048 of 8,192 tokens');
      await button('Remove orders.ts').click();
      assert.deepEqual(await asked(), [{ type: 'detach', id: 'x1' }]);
    });

    it('takes files that are dropped on the page', async () => {
      await chat.page.locator('main').evaluate((main) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.setData('text/uri-list', 'file:///a.ts\r\nfile:///b.ts');
        main.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
      });
      assert.deepEqual(await asked(), [{ type: 'drop', uris: ['file:///a.ts', 'file:///b.ts'] }]);
    });
  });

  describe('a conversation', () => {
    beforeEach(() => chat.tell({ type: 'conversation', conversation }));

    it('shows what was asked as text, with its files, and the answer as Markdown', async () => {
      const [first, second] = await chat.page.locator('.message').all();
      assert.equal(await first?.locator('.bubble').textContent(), question.text);
      assert.match((await first?.getByRole('list').textContent()) ?? '', /orders\.ts:12–30/);
      assert.equal(await second?.locator('strong').textContent(), 'cents');
    });

    it('says who wrote an answer, and how fast', async () => {
      assert.deepEqual(await chat.page.locator('.statistics > span').allTextContents(), [
        'Gemma 3 4B',
        '200 tokens',
        '25 tokens/s',
        '1,210 of 1,840 prompt tokens cached',
      ]);
    });

    it('asks for what the buttons of messages and of code say', async () => {
      for (const name of [chatWords.copy, chatWords.regenerate, chatWords.showSent, chatWords.blocks.apply])
        await button(name).click();
      for (const name of [chatWords.copyConversation, chatWords.exportConversation, chatWords.newChat])
        await button(name).click();
      assert.deepEqual(await asked(), [
        { type: 'copyMessage', id: 'a1' },
        { type: 'regenerate', id: 'a1' },
        { type: 'showSent', id: 'a1' },
        { type: 'block', action: 'apply', id: 'a1', index: 0 },
        { type: 'copyConversation' },
        { type: 'exportConversation' },
        { type: 'newConversation' },
      ]);
    });

    it('opens what the model thought by keyboard', async () => {
      const thought = chat.page.locator('details', { hasText: chatWords.thought });
      await thought.locator('summary').press('Enter');
      await thought.getByText('Hm.').waitFor({ state: 'visible' });
    });

    it('asks a question with other words, or leaves it', async () => {
      await button(chatWords.edit).press('Enter');
      const editor = chat.page.getByRole('textbox', { name: chatWords.editBox });
      await editor.press('Escape');
      assert.equal(await editor.count(), 0);
      await button(chatWords.edit).press('Enter');
      await editor.fill('Why?');
      await editor.press('Enter');
      assert.deepEqual(await asked(), [{ type: 'resend', id: 'q1', text: 'Why?' }]);
    });

    it('is renamed in place', async () => {
      await button(chatWords.rename).click();
      const title = chat.page.getByRole('textbox', { name: chatWords.renameBox });
      await title.fill('Cents');
      await title.press('Enter');
      await button(chatWords.rename).waitFor();
      assert.deepEqual(await asked(), [{ type: 'renameConversation', id: 'c1', title: 'Cents' }]);
    });

    for (const [end, sentence] of [
      ['cancelled', chatWords.cancelled],
      ['interrupted', chatWords.interrupted],
      ['context', chatWords.contextFull],
      ['limit', chatWords.limitReached],
      ['failed', 'The disk is full.'],
    ] as const) {
      it(`says how an answer ended: ${end}`, async () => {
        const error = end === 'failed' ? 'The disk is full.' : null;
        await chat.tell({ type: 'message', message: { ...answer, end, error } });
        await chat.page.locator('.end').getByText(sentence).waitFor();
        await button(chatWords.tryAgain).click();
        assert.deepEqual(await asked(), [{ type: 'regenerate', id: 'a1' }]);
      });
    }

    it('may only be read where another window writes in it', async () => {
      await chat.tell({ type: 'conversation', conversation: { ...conversation, readOnly: true } });
      await chat.page.getByText(chatWords.readOnly).waitFor();
      assert.ok(await box.isDisabled());
      for (const name of [chatWords.edit, chatWords.regenerate, chatWords.rename])
        assert.equal(await button(name).count(), 0, name);
      assert.equal(await button(chatWords.copy).count(), 1);
    });

    it('names every button and every id once', async () => {
      const problems = await chat.page.evaluate(() => {
        const nameless = [...document.querySelectorAll('button')].filter(
          (one) => (one.getAttribute('aria-label') ?? one.textContent.trim()) === '',
        );
        const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
        return { nameless: nameless.length, twice: ids.filter((id, index) => ids.indexOf(id) !== index) };
      });
      assert.deepEqual(problems, { nameless: 0, twice: [] });
    });

    it('fits from a narrow sidebar to a wide tab', async () => {
      for (const width of [200, 320, 900, 2_400]) {
        await chat.page.setViewportSize({ width, height: 600 });
        const [page, list] = await chat.page.evaluate(() => [
          document.documentElement.scrollWidth,
          document.querySelector('.message-list')?.clientWidth ?? 0,
        ]);
        assert.equal(page, width);
        assert.ok((list ?? 0) <= 800, `lines of ${list} pixels at ${width}`);
      }
    });
  });

  describe('an answer that is being written', () => {
    const writing: AnswerView = { ...answer, text: '', thought: '', end: 'writing', statistics: null };

    beforeEach(async () => {
      await chat.tell({ type: 'conversation', conversation: { ...conversation, messages: [question] } });
      await chat.tell({ type: 'message', message: writing });
    });

    it('shows that something goes on until text comes', async () => {
      await chat.page.locator('.typing').getByText(chatWords.writing).waitFor();
      await chat.tell({ type: 'message', message: { ...writing, progress: 'part 3 of 12' } });
      await chat.page.locator('.typing').getByText('part 3 of 12').waitFor();
      await chat.tell({ type: 'text', id: 'a1', thought: '', answer: 'Because. ' });
      await chat.page.locator('.answer').getByText('Because.').waitFor();
      assert.equal(await chat.page.locator('.typing').count(), 0);
    });

    it('is shown whole, however many pieces it comes in, and other messages stay as they are', async () => {
      await chat.page.evaluate(`new MutationObserver((all) => { globalThis.touched = all.length; })
        .observe(document.querySelector('.question'), { subtree: true, childList: true, attributes: true, characterData: true })`);
      await chat.page.evaluate(`for (let index = 0; index < 2_000; index++)
        window.postMessage({ type: 'text', id: 'a1', thought: '', answer: 'word' + index + ' ' });`);
      await chat.page.locator('.answer').getByText('word1999').waitFor();
      const words = (await chat.page.locator('.answer .markdown').innerText()).split(' ');
      assert.deepEqual(
        words,
        Array.from({ length: 2_000 }, (_, index) => `word${index}`),
      );
      await chat.tell({ type: 'message', message: { ...writing, text: 'The end.', end: 'stop' } });
      await chat.page.locator('.answer').getByText('The end.').waitFor();
      assert.equal(await chat.page.evaluate('globalThis.touched'), undefined);
    });

    it('is followed, until the person scrolls up; then a button leads to the end', async () => {
      const scroller = chat.page.getByRole('region', { name: chatWords.messages });
      const away = (): Promise<number> =>
        scroller.evaluate((one) => one.scrollHeight - one.scrollTop - one.clientHeight);
      await chat.tell({ type: 'text', id: 'a1', thought: '', answer: long });
      await chat.page.getByText('Paragraph 118.').waitFor();
      await chat.settle();
      assert.ok((await away()) < 2, 'it follows');
      await scroller.hover();
      await chat.page.mouse.wheel(0, -900);
      await button(chatWords.jump).waitFor();
      const before = await scroller.evaluate((one) => one.scrollTop);
      await chat.tell({ type: 'text', id: 'a1', thought: '', answer: long });
      await chat.settle();
      assert.equal(await scroller.evaluate((one) => one.scrollTop), before, 'nothing moves by itself');
      await button(chatWords.jump).click();
      await chat.settle();
      assert.ok((await away()) < 2);
      assert.equal(await button(chatWords.jump).count(), 0);
    });

    it('is told aloud: that it begins, then whole sentences, then that it is finished', async () => {
      const live = chat.page.locator('[aria-live]');
      assert.equal(await live.count(), 1);
      assert.equal(await live.textContent(), chatWords.answerBegins);
      await chat.tell({ type: 'text', id: 'a1', thought: '', answer: 'It is **one**. And tw' });
      await chat.settle();
      assert.equal(await live.textContent(), chatWords.answerBegins, 'not at once');
      await live.getByText('It is one.', { exact: true }).waitFor({ state: 'attached', timeout: 4_000 });
      const text = 'It is **one**. And two.';
      await chat.tell({ type: 'message', message: { ...writing, text, end: 'stop' } });
      await live.getByText(`And two. ${chatWords.answerFinished}`).waitFor({ state: 'attached' });
    });
  });

  describe('the list of conversations', () => {
    beforeEach(async () => {
      await button(chatWords.history).press('Enter');
      await chat.tell({
        type: 'conversations',
        search: '',
        entries: [
          { id: 'c1', title: 'Orders', time: 1.7e12 },
          { id: 'c2', title: 'Refunds', time: 1.6e12 },
        ],
      });
    });

    it('is searched', async () => {
      await chat.page.keyboard.type('re');
      assert.deepEqual(await asked(), [
        { type: 'searchConversations', text: '' },
        { type: 'searchConversations', text: 'r' },
        { type: 'searchConversations', text: 're' },
      ]);
      await chat.tell({ type: 'conversations', search: 're', entries: [] });
      await chat.page.getByText(chatWords.nothingFound).waitFor();
    });

    it('is gone through, opened, renamed and cleared by keyboard', async () => {
      const { keyboard } = chat.page;
      await keyboard.press('ArrowDown');
      await keyboard.press('ArrowDown');
      await keyboard.press('Delete');
      await keyboard.press('F2');
      await keyboard.type('Money back');
      await keyboard.press('Enter');
      await chat.settle();
      await keyboard.press('ArrowUp');
      await keyboard.press('Enter');
      assert.deepEqual((await asked()).slice(1), [
        { type: 'deleteConversation', id: 'c2' },
        { type: 'renameConversation', id: 'c2', title: 'Money back' },
        { type: 'openConversation', id: 'c1' },
      ]);
      await box.waitFor();
    });

    it('makes room for a text that is put into the box', async () => {
      await chat.tell({ type: 'draft', text: 'Explain this', focus: true });
      assert.equal(await box.inputValue(), 'Explain this');
      await box.waitFor({ state: 'visible' });
      assert.ok(await box.evaluate((one) => one === document.activeElement));
    });

    it('gives the focus back where it came from', async () => {
      await chat.page.keyboard.press('Escape');
      await chat.settle();
      assert.ok(await button(chatWords.history).evaluate((one) => one === document.activeElement));
    });
  });

  it('drops what is not a message of the extension', async () => {
    await chat.tell({ type: 'conversation', conversation });
    await chat.settle();
    const before = await chat.page.locator('#app').innerHTML();
    for (const message of [
      null,
      '<b>',
      { type: 'conversation', conversation: { ...conversation, title: { __html: '<b>' } } },
      { type: 'message', message: { ...question, text: { dangerouslySetInnerHTML: { __html: '<b>' } } } },
      { type: 'strings', language: 'en', strings: {}, slashCommands: [] },
      { type: 'colors', colors: { keyword: 'url(https://evil.example)' } },
    ]) {
      await chat.tellAnything(message);
      await chat.settle();
      assert.equal(await chat.page.locator('#app').innerHTML(), before);
    }
  });
});
