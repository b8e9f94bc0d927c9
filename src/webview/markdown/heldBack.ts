/** A line that is longer than this is shown whatever it may become, in UTF-16 units. */
const MAX_HELD = 400;

/** In what a line may stand: quotes, list items, indentation. */
const CONTAINERS = String.raw`^(?:[ \t]|>|[-*+][ \t]|\d{1,9}[.)][ \t])*`;

/**
 * The start of a line that may become something else with its next characters: a fence and its language, a marker of
 * a list, a heading, a quote, an underline or a rule, the row of a table.
 */
const UNDECIDED = new RegExp(
  `${CONTAINERS}(?:${[
    '`{1,2}',
    '`{3,}[^`]*',
    '~{1,2}',
    '~{3,}.*',
    String.raw`[-*_=+ \t]+`,
    String.raw`\d{1,9}[.)]?`,
    '#{1,6}[ \\t]*',
    String.raw`\|.*`,
  ].join('|')})?$`,
  'u',
);

/** A row that would be the first of a table if what is typed below it becomes the line between head and body. */
const HEAD = new RegExp(String.raw`${CONTAINERS}\|`, 'u');
const BELOW_HEAD = /^[ \t>]*[|:\- \t]*$/u;

/**
 * How much of a text that is still being written can be shown, in UTF-16 units from its start, so that what is shown
 * doesn't turn into something else a moment later. Never less than for a shorter part of the same text.
 */
export function decidedLength(text: string): number {
  const lineStart = text.lastIndexOf('\n') + 1;
  if (text.length - lineStart > MAX_HELD || !UNDECIDED.test(text.slice(lineStart))) return text.length;
  const headStart = lineOf(text, lineStart);
  if (headStart === null || lineStart - headStart > MAX_HELD) return lineStart;
  const aboveStart = lineOf(text, headStart);
  const isHead =
    HEAD.test(text.slice(headStart, lineStart)) &&
    (aboveStart === null || !HEAD.test(text.slice(aboveStart, headStart)));
  return isHead && BELOW_HEAD.test(text.slice(lineStart)) ? headStart : lineStart;
}

/** Where the line that ends before `end` starts; null: there is none. */
function lineOf(text: string, end: number): number | null {
  return end === 0 ? null : text.lastIndexOf('\n', end - 2) + 1;
}
