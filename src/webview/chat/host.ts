import * as v from 'valibot';
import { ToChat } from '../../protocol/chat.ts';
import type { FromChat } from '../../protocol/chat.ts';

const Saved = v.object({ draft: v.string() });

declare function acquireVsCodeApi(): {
  postMessage(message: FromChat): void;
  getState(): unknown;
  setState(state: v.InferOutput<typeof Saved>): void;
};

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

/** What a person had begun to write when the page was last closed. */
export function savedDraft(): string {
  const { success, output } = v.safeParse(Saved, host.getState());
  return success ? output.draft : '';
}

export function saveDraft(draft: string): void {
  host.setState({ draft });
}
