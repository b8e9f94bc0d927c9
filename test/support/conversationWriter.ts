import { randomUUID } from 'node:crypto';
import { ConversationStore } from '../../src/conversations/conversationStore.ts';

/**
 * A window that asks and answers until it is killed: `conversationWriter HOME [ID]`. It prints the text of every message
 * once it is acknowledged.
 */
const [home = '', id] = process.argv.slice(2);
const store = await ConversationStore.open(home);
const conversation = id === undefined ? await store.create() : await store.open(id);
process.stdout.write(`${conversation.id}\n`);
for (let i = 0; ; i++) {
  const text = `question ${i} ${process.pid} ${'x'.repeat((i * 379) % 5_000)}`;
  const asked = randomUUID();
  await conversation.ask({ role: 'user', id: asked, time: Date.now(), text, attachments: [] });
  process.stdout.write(`${text}\n`);
  const answer = await conversation.beginAnswer('gemma', asked);
  const written = `answer ${i} ${process.pid} ${'y'.repeat((i * 577) % 9_000)}`;
  answer.push(written, '');
  await answer.end('stop');
  process.stdout.write(`${written}\n`);
}
