import * as v from 'valibot';
import { ToChat } from '../../protocol/chat.ts';
import type { FromChat } from '../../protocol/chat.ts';

declare function acquireVsCodeApi(): { postMessage(message: FromChat): void };

const host = acquireVsCodeApi();

/** Asks the extension. */
export function ask(message: FromChat): void {
  host.postMessage(message);
}

/** Calls `listener` with every message of the extension; what isn't one is dropped. */
export function listen(listener: (message: ToChat) => void): void {
  window.addEventListener('message', ({ data }) => {
    const { success, output } = v.safeParse(ToChat, data);
    if (success) listener(output);
  });
}
