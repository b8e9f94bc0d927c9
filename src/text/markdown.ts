import createMarkdownIt, { type Env, type MarkdownIt, type Token } from 'markdown-it';

/** Deepest nesting of quotes, lists and emphasis. Each list takes two; nobody reads 25 of them. */
const MAX_NESTING = 50;

/**
 * CommonMark with tables and strikethrough. Raw HTML is text, addresses in running text stay text, and nothing is
 * made prettier than it was written.
 */
function createParser(): MarkdownIt {
  return createMarkdownIt({ html: false, linkify: false, typographer: false, maxNesting: MAX_NESTING });
}

const parser = createParser();
parser.core.ruler.push('tasks', ({ tokens }) => markTasks(tokens));
/** Finds blocks and leaves their text alone. */
const blockParser = createParser();
blockParser.core.ruler.enableOnly(['normalize', 'block']);

/** A code block as the chat page and the extension number it: the fenced and the indented ones, from the top. */
export interface CodeBlock {
  /** What stands after the fence; mostly a language's name. Empty for an indented block. */
  readonly info: string;
  /** Without its last line end. */
  readonly code: string;
}

/** What Markdown says, from the top. */
export interface ParsedMarkdown {
  readonly tokens: readonly Token[];
  /** The labels that links may refer to, and where they lead; empty where there are none. */
  readonly definitions: string;
}

export function parseMarkdown(text: string): ParsedMarkdown {
  const env: Env = {};
  const tokens = parser.parse(text, env);
  return { tokens, definitions: env.references === undefined ? '' : JSON.stringify(env.references) };
}

export function isCodeBlock(token: Token): boolean {
  return token.type === 'fence' || token.type === 'code_block';
}

export function codeBlockOf(token: Token): CodeBlock {
  return { info: token.info.trim(), code: token.content.replace(/\n$/u, '') };
}

/** The code blocks of `text`, wherever they are nested, in the order in which they are shown. */
export function codeBlocks(text: string): CodeBlock[] {
  return blockParser.parse(text, {}).filter(isCodeBlock).map(codeBlockOf);
}

/** "[ ] " or "[x] " at the start of a list's item becomes the item's `meta.isDone`. */
function markTasks(tokens: readonly Token[]): void {
  for (const [index, item] of tokens.entries()) {
    if (item.type !== 'list_item_open' || tokens[index + 1]?.type !== 'paragraph_open') continue;
    const text = tokens[index + 2]?.children?.[0];
    const box = text?.type === 'text' ? /^\[(?<mark>[ xX])\] +(?=\S)/u.exec(text.content) : null;
    if (text === undefined || box === null) continue;
    item.meta = { isDone: box.groups?.['mark'] !== ' ' };
    text.content = text.content.slice(box[0].length);
  }
}
