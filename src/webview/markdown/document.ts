import type { Token } from 'markdown-it';
import { isCodeBlock, parseMarkdown } from '../../text/markdown.ts';
import { decidedLength } from './heldBack.ts';

/** A paragraph, a list, a table …: what stands at the top of a text. */
export interface Block {
  /** Its lines. Two blocks of the same source and definitions look the same. */
  readonly source: string;
  readonly definitions: string;
  readonly tokens: readonly Token[];
  /** How many code blocks stand above it. */
  readonly firstCode: number;
  /** UTF-16 units from the start of what was parsed. */
  readonly offset: number;
}

/** A text as it is shown. */
export interface MarkdownDocument {
  /** With one kind of line end. */
  readonly text: string;
  readonly isStreaming: boolean;
  readonly blocks: readonly Block[];
  /** How many of the blocks, and of the text's UTF-16 units, nothing that follows can change. */
  readonly frozenBlocks: number;
  readonly frozenLength: number;
}

const EMPTY: MarkdownDocument = {
  text: '',
  isStreaming: true,
  blocks: [],
  frozenBlocks: 0,
  frozenLength: 0,
};

/**
 * What has grown by less than this share of its characters and tokens is not parsed again yet: a very long block, or
 * a table of a thousand columns, must not cost the square.
 */
const WORTHWHILE_GROWTH = 1 / 256;

/**
 * The document of `source`. Of one that is being written, what `previous` knows is kept where `source` continues it,
 * and only the last blocks are parsed; links to labels that are defined elsewhere are known at the end.
 */
export function markdownDocument(
  previous: MarkdownDocument | null,
  source: string,
  isStreaming: boolean,
): MarkdownDocument {
  const text = source.includes('\r') ? source.replace(/\r\n?/gu, '\n') : source;
  if (!isStreaming) {
    if (previous !== null && !previous.isStreaming && previous.text === text) return previous;
    return { ...EMPTY, text, isStreaming, blocks: parseBlocks(text, 0) };
  }
  const known = previous?.isStreaming === true && text.startsWith(previous.text) ? previous : EMPTY;
  const growth = text.length - known.text.length;
  const tokens = known.blocks.slice(known.frozenBlocks).reduce((sum, block) => sum + block.tokens.length, 0);
  const weight = known.text.length - known.frozenLength + tokens;
  return growth > weight * WORTHWHILE_GROWTH ? grown(known, text) : known;
}

function grown(known: MarkdownDocument, text: string): MarkdownDocument {
  const tail = text.slice(known.frozenLength, decidedLength(text));
  const frozen = known.blocks.slice(0, known.frozenBlocks);
  const parsed = parseBlocks(tail, codeBlocksIn(frozen));
  const blocks = [...frozen, ...parsed];
  const boundary = parsed.findLastIndex((block) => isBoundary(tail, block.offset));
  if (boundary < 0) return { ...known, text, blocks };
  return {
    text,
    isStreaming: true,
    blocks,
    frozenBlocks: frozen.length + boundary,
    frozenLength: known.frozenLength + (parsed[boundary]?.offset ?? 0),
  };
}

/**
 * Whether nothing that follows can change what stands above a block: it starts with a whole line after an empty one.
 * Neither a paragraph nor a definition goes on past an empty line, and whether a list or a quote does is decided by
 * the line below it.
 */
function isBoundary(text: string, offset: number): boolean {
  return text.includes('\n', offset) && /(?:^|\n)[ \t]*\n$/u.test(text.slice(0, offset));
}

function codeBlocksIn(blocks: readonly Block[]): number {
  const last = blocks.at(-1);
  return last === undefined ? 0 : last.firstCode + last.tokens.filter(isCodeBlock).length;
}

/** @param codeAbove how many code blocks stand above `text` */
function parseBlocks(text: string, codeAbove: number): Block[] {
  const { tokens, definitions } = parseMarkdown(text);
  const offsets = lineOffsets(text);
  const blocks: Block[] = [];
  let firstCode = codeAbove;
  let first = 0;
  for (const [index, token] of tokens.entries()) {
    if (token.level > 0 || token.nesting > 0) continue;
    const inside = tokens.slice(first, index + 1);
    const [startLine = 0, endLine = 0] = inside[0]?.map ?? [];
    const offset = offsets[startLine] ?? 0;
    const source = text.slice(offset, offsets[endLine] ?? text.length);
    blocks.push({ source, definitions, tokens: inside, firstCode, offset });
    firstCode += inside.filter(isCodeBlock).length;
    first = index + 1;
  }
  return blocks;
}

/** Where each line of `text` starts. */
function lineOffsets(text: string): number[] {
  const offsets = [0];
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) offsets.push(end + 1);
  return offsets;
}
