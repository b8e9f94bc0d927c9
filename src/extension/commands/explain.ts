import type { ChatCommands } from './chatCommands.ts';
import { commandContext, definitionsFor } from './context.ts';

export async function explain(chat: ChatCommands, wanted?: unknown): Promise<void> {
  const context = await commandContext(wanted);
  const definitions = await definitionsFor(context);
  await chat.ask({ text: '/explain', attachments: [...definitions, context.selection] });
}
