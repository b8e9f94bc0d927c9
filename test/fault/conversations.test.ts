import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ConversationStore } from '../../src/conversations/conversationStore.ts';

const WRITER = fileURLToPath(new URL('../support/conversationWriter.ts', import.meta.url));
/** `npm run fuzz` kills 1,000. */
const KILLS = Number(process.env['GEMMA_CODE_KILLS'] ?? 30);
/** Of the windows of one conversation: reading a longer one would take longer than writing. */
const KILLS_EACH = 100;
/** Windows that write the same conversation. */
const WINDOWS = 2;

/** Runs a window that writes, and collects what it was told is saved. */
function startWriter(home: string, id: string | null, acknowledged: string[]): ChildProcess {
  const args = ['--import', 'tsx', WRITER, home, ...(id === null ? [] : [id])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let rest = '';
  let isNamed = false;
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    // The first line is the name of the conversation.
    for (const line of lines) {
      if (isNamed) acknowledged.push(line);
      isNamed = true;
    }
  });
  return child;
}

const ended = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve) => child.once('close', resolve));

describe('Conversations, whatever happens to those that write them', function () {
  this.timeout(KILLS * 5_000);
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(path.join(tmpdir(), 'conversations-'));
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  it(`hold every acknowledged message after ${KILLS} kills of two windows`, async () => {
    const store = await ConversationStore.open(home);
    for (let killed = 0; killed < KILLS; killed += KILLS_EACH) {
      const created = await store.create();
      await created.dispose();
      await killWriters(store, created.id, Math.min(KILLS_EACH, KILLS - killed));
    }
  });

  async function killWriters(store: ConversationStore, id: string, kills: number): Promise<void> {
    const acknowledged: string[] = [];
    for (let killed = 0; killed < kills; killed += WINDOWS) {
      const before = acknowledged.length;
      const writers = Array.from({ length: WINDOWS }, () => startWriter(home, id, acknowledged));
      while (acknowledged.length < before + 3) await sleep(5);
      await sleep(Math.random() * 150);
      for (const writer of writers) {
        writer.kill('SIGKILL');
        await ended(writer);
      }
    }
    const opened = await store.open(id);
    const found = opened.conversation.messages.map(({ text }) => text);
    await opened.dispose();
    const held = new Set(found);
    const lost = acknowledged.filter((text) => !held.has(text));
    assert.deepEqual(lost, [], `${lost.length} of ${acknowledged.length} lost`);
    assert.ok(found.every((text) => text === '' || /^(?:question|answer) \d+ \d+ [xy]*$/u.test(text)));
    const written = found.filter((text) => text !== '');
    assert.equal(new Set(written).size, written.length);
  }

  it('say that the disk is full, keep what they have, and go on when there is room', async function () {
    const small = path.join(home, 'small');
    await mkdir(small);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', small], { stdio: 'ignore' });
    } catch {
      this.skip();
    }
    const store = await ConversationStore.open(small);
    const conversation = await store.create();
    try {
      const ask = (text: string): Promise<void> =>
        conversation.ask({
          role: 'user',
          id: `question-${text.length}`,
          time: 1,
          text,
          attachments: [],
        });
      await ask('one and only');
      await writeFile(path.join(small, 'filler'), Buffer.alloc(200_000));
      await assert.rejects(ask('two'.repeat(50_000)), { code: 'disk-full' });
      const texts = async (): Promise<string[]> =>
        (await store.open(conversation.id)).conversation.messages.map(({ text }) => text);
      assert.deepEqual(await texts(), ['one and only']);
      await rm(path.join(small, 'filler'));
      await ask('two, but short');
      assert.deepEqual(await texts(), ['one and only', 'two, but short']);
      assert.deepEqual(
        (await readdir(path.join(small, 'conversations'))).filter((name) => name.endsWith('.jsonl')).length,
        1,
      );
    } finally {
      await conversation.dispose();
      execFileSync('umount', [small]);
    }
  });
});
