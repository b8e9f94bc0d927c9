import { render, type VNode } from 'preact';
import { Markdown } from '../../src/webview/markdown/markdown.tsx';

/** A page of answers, the last of which is being written, and how long each of its updates takes. */

const blockActions = { copy: 'Copy', insert: 'Insert', apply: 'Apply', newFile: 'New file' };
const nothing = (): void => undefined;

function Answer({ text, isStreaming }: { readonly text: string; readonly isStreaming: boolean }): VNode {
  return (
    <article>
      <Markdown
        text={text}
        isStreaming={isStreaming}
        blockActions={blockActions}
        onBlock={nothing}
        onLink={nothing}
      />
    </article>
  );
}

/** Milliseconds of each update, the layout that it asks for included; the last one is that of the whole text. */
function stream(text: string, step: number, messagesAbove: number): number[] {
  const place = document.querySelector('#app') ?? document.body;
  render(null, place);
  const above = Array.from({ length: messagesAbove }, (_, index) => (
    <Answer key={index} text={text.slice(0, 600)} isStreaming={false} />
  ));
  const times: number[] = [];
  const show = (end: number, isStreaming: boolean): void => {
    const begin = performance.now();
    render([...above, <Answer key="last" text={text.slice(0, end)} isStreaming={isStreaming} />], place);
    place.getBoundingClientRect();
    times.push(performance.now() - begin);
  };
  show(0, true);
  times.length = 0;
  for (let end = step; end < text.length + step; end += step) show(end, true);
  show(text.length, false);
  return times;
}

declare global {
  // oxlint-disable-next-line no-var -- only a var is a property of the window
  var stream: (text: string, step: number, messagesAbove: number) => number[];
}

globalThis.stream = stream;
