import type { CompleteParams } from '../protocol/engine.ts';

/** What the model may see around the cursor. */
export interface CursorText {
  readonly prefix: string;
  readonly suffix: string;
}

/** The tuned-for-chat variant knows no cursor. */
export function isCodeGemma(model: string): boolean {
  return /code-?gemma/iu.test(model) && !/(?:^|[^a-z])(?:it|instruct)(?:[^a-z]|$)/iu.test(model);
}

/** Of the context, for the text after the cursor. */
const SUFFIX_SHARE = 1 / 4;
/** Room for the completion and what stands around the texts. */
const RESERVED_TOKENS = 128;
/** For room in a context. Code in Gemma's tokens has three to four characters a token; fewer in other scripts. */
export const CHARS_PER_TOKEN = 2.5;

/**
 * Control tokens of Gemma's generations as text. A server that is given a prompt as one text takes them for what they
 * say, wherever they come from.
 */
const CONTROL =
  /<(?:bos|eos|pad|unk|mask|start_of_turn|end_of_turn|unused\d+|\|?turn\|?|\|?channel\|?|\|think\||\|(?:fim_(?:prefix|suffix|middle)|file_separator)\|)>/u;
const LAST_CONTROL = new RegExp(`^[^]*${CONTROL.source}`, 'u');

/**
 * As much around the cursor as the context holds, between the control tokens next to it. The start stays while lines
 * are typed and then moves far, so that the server's cache of the text before stays valid.
 */
export function cursorText(
  { prefix, suffix }: Pick<CompleteParams, 'prefix' | 'suffix'>,
  contextTokens: number,
): CursorText {
  const chars = Math.max(0, contextTokens - RESERVED_TOKENS) * CHARS_PER_TOKEN;
  const below = suffix.slice(0, Math.floor(chars * SUFFIX_SHARE));
  const room = Math.floor(chars * (1 - SUFFIX_SHARE));
  return {
    prefix: stableTail(prefix, room).replace(LAST_CONTROL, ''),
    suffix: below.slice(0, Math.max(0, indexOfControl(below))),
  };
}

/** CodeGemma's order on its model card. The server puts `<bos>` in front. */
export function codeGemmaText({ prefix, suffix }: CursorText): string {
  return `<|fim_prefix|>${prefix}<|fim_suffix|>${suffix}<|fim_middle|>`;
}

/** What a model wrote, up to the first control token that the server shows as text. */
export function beforeControl(text: string): string {
  return text.slice(0, indexOfControl(text));
}

function indexOfControl(text: string): number {
  const index = text.search(CONTROL);
  return index < 0 ? text.length : index;
}

/** At most `room` characters, from the start of a line; the start moves by half of the room at once. */
function stableTail(text: string, room: number): string {
  if (text.length <= room) return text;
  const step = Math.max(1, Math.floor(room / 2));
  const cut = Math.ceil((text.length - room) / step) * step;
  const lineStart = text.indexOf('\n', cut) + 1;
  return text.slice(lineStart === 0 ? cut : lineStart);
}
