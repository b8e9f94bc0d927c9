import type { ChatCommands } from './chatCommands.ts';
import { commandContext, definitionsFor } from './context.ts';

export async function writeTests(chat: ChatCommands): Promise<void> {
  const context = await commandContext();
  const definitions = await definitionsFor(context);
  await chat.ask({ text: '/tests', attachments: [...definitions, context.selection] });
}
