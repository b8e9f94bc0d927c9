import type { ChatCommands } from './chatCommands.ts';
import { commandContext, definitionsFor, problemsFor } from './context.ts';

/** With what the language's own tools find wrong. */
export async function fix(chat: ChatCommands, wanted?: unknown): Promise<void> {
  const context = await commandContext(wanted);
  const definitions = await definitionsFor(context);
  await chat.ask({
    text: '/fix',
    attachments: [...definitions, ...problemsFor(context), context.selection],
  });
}
