import type { ChatCommands } from './chatCommands.ts';
import { commandContext } from './context.ts';

export async function summarize(chat: ChatCommands): Promise<void> {
  const { selection } = await commandContext();
  await chat.ask({ text: '/summarize', attachments: [selection] });
}
