import { render } from 'preact';
import type { TokenColors } from '../../../src/protocol/chat.ts';
import { piecesOf } from '../../../src/text/hiddenCharacters.ts';
import { codeBlocks } from '../../../src/text/markdown.ts';
import { showTokenColors } from '../../../src/webview/code/showTokenColors.ts';
import { Markdown } from '../../../src/webview/markdown/markdown.tsx';
import { codePointName } from '../../../src/webview/texts.ts';
import { strangers } from './strangers.ts';

/** A page that shows nothing but what a model wrote, and looks at every element of it. */

const asked: { links: string[]; blocks: string[] } = { links: [], blocks: [] };
const handlers = {
  blockActions: { copy: 'Copy', insert: 'Insert', apply: 'Apply', newFile: 'New file' },
  onBlock: (action: string, index: number) => asked.blocks.push(`${action} ${index}`),
  onLink: (url: string) => asked.links.push(url),
};
const app = document.querySelector('#app') ?? document.body;
const [streamed, whole] = [document.createElement('div'), document.createElement('div')];
app.append(streamed, whole);

function show(place: Element, text: string, isStreaming: boolean): void {
  render(<Markdown {...{ text, isStreaming, ...handlers }} />, place);
}

/** The same for the same elements, whatever ids were handed out. */
function htmlOf(place: Element): string {
  return place.innerHTML.replaceAll(/(?:id|aria-labelledby)="P[^"]*"/g, '');
}

function mountAnew(text: string): void {
  render(null, whole);
  show(whole, text, false);
}

/** Writes `text` in pieces that end at `ends`, and looks at each state, both as it is written and as if it ended there. */
function write(text: string, ends: readonly number[]): string[] {
  render(null, streamed);
  const problems: string[] = [];
  for (const end of ends) {
    show(streamed, text.slice(0, end), true);
    show(whole, text.slice(0, end), false);
    const found = [...strangers(app), ...otherScripts(), ...wrongBlocks(text.slice(0, end))];
    problems.push(...found.map((problem) => `${end}: ${problem}`));
    if (problems.length > 10) return problems;
  }
  show(streamed, text, false);
  mountAnew(text);
  if (htmlOf(streamed) !== htmlOf(whole)) problems.push('streamed, it looks different');
  const missing = codeBlocks(text).length - streamed.querySelectorAll('.code-block').length;
  if (missing !== 0) problems.push(`${missing} code blocks are not shown`);
  return [...problems, ...strangers(app), ...otherScripts(), ...wrongBlocks(text), ...wrongLinks()];
}

/** But for the page's own. */
function otherScripts(): string[] {
  return document.querySelectorAll('script').length > 1 ? ['another script'] : [];
}

/** The page and the extension have to mean the same block by the same number, while `text` is written and after. */
function wrongBlocks(text: string): string[] {
  const blocks = codeBlocks(text);
  const wrong = [...streamed.querySelectorAll('.code-block')].filter((block, index) => {
    asked.blocks = [];
    const buttons = [...block.querySelectorAll('button')];
    if (buttons.every((button) => button.disabled)) return false;
    for (const button of buttons) button.click();
    return (
      block.querySelector('pre')?.textContent !== seen(blocks[index]?.code ?? '') ||
      asked.blocks.join() !== `copy ${index},insert ${index},apply ${index},newFile ${index}`
    );
  });
  return wrong.map((block) => `another block: ${block.textContent}`);
}

/** `code` as a person sees it. */
function seen(code: string): string {
  const pieces = code.split('\n').map((line) => piecesOf(line));
  const named = pieces.map((line) =>
    line.map((piece) => (typeof piece === 'string' ? piece : codePointName(piece))).join(''),
  );
  return named.join('\n');
}

/** A link asks for the address that it shows, and for none but of the web and of mailboxes. */
function wrongLinks(): string[] {
  return [...streamed.querySelectorAll<HTMLButtonElement>('button.link')].flatMap((link) => {
    asked.links = [];
    link.click();
    const [url = ''] = asked.links;
    const beside =
      link.nextElementSibling?.className === 'address' ? link.nextElementSibling.textContent : '';
    const isShown = beside === ` (${url})` || `${link.textContent}/` === url || link.textContent === url;
    const isMail = url === `mailto:${link.textContent}`;
    return /^(https?:\/\/|mailto:)/.test(url) && link.title === url && (isShown || isMail)
      ? []
      : [`${link.textContent}${beside} leads to ${url}`];
  });
}

const page = {
  write,
  show: (text: string) => show(streamed, text, false),
  color: (colors: TokenColors) => showTokenColors(document.documentElement.style, colors),
};

declare global {
  // oxlint-disable-next-line no-var -- only a var is a property of the window
  var markdownPage: typeof page;
}

globalThis.markdownPage = page;
