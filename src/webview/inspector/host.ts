import * as v from 'valibot';
import { ToInspector } from '../../protocol/inspector.ts';
import type { FromInspector } from '../../protocol/inspector.ts';

declare function acquireVsCodeApi(): { postMessage(message: FromInspector): void };

const host = acquireVsCodeApi();

/** Asks the extension. */
export function ask(message: FromInspector): void {
  host.postMessage(message);
}

/** Calls `listener` with every message of the extension; what isn't one is dropped. */
export function listen(listener: (message: ToInspector) => void): void {
  window.addEventListener('message', ({ data }) => {
    const { success, output } = v.safeParse(ToInspector, data);
    if (success) listener(output);
  });
}
