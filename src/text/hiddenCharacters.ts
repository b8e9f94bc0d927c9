/**
 * Characters that change how code reads without being seen: bidirectional controls (CVE-2021-42574), zero-width and
 * filler characters, the tag block, variation selectors.
 */
const HIDDEN = /[\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]/gu;

/** A joiner or selector between emoji is how they are written: it is part of what is seen. */
const EMOJI_SEQUENCE =
  /\p{Extended_Pictographic}(?:\uFE0F|\p{EMod})?(?:\u200D\p{Extended_Pictographic}(?:\uFE0F|\p{EMod})?)*/gu;

/** Everything a line of code can't hold, but for the tab; halves of surrogate pairs. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const UNPRINTABLE = /[\u0000-\u0008\u000A-\u001F\u007F-\u009F\u2028\u2029]|\p{Cs}/u;

/** Whether `text` holds hidden characters that `surroundings` doesn't hold already. */
export function addsHiddenCharacters(text: string, surroundings: string): boolean {
  const hidden = text.replaceAll(EMOJI_SEQUENCE, '').match(HIDDEN) ?? [];
  return hidden.some((character) => !surroundings.includes(character));
}

/** Whether `text` holds control characters, line ends or halves of surrogate pairs. */
export function isUnprintable(text: string): boolean {
  return UNPRINTABLE.test(text);
}

/** Emoji stay whole; after them, every single character that is not seen. */
const EMOJI_OR_UNSEEN = new RegExp(
  `(?<emoji>${EMOJI_SEQUENCE.source})|${HIDDEN.source}|${UNPRINTABLE.source}`,
  'gu',
);

/** `text` in order: strings of what is seen, and the code points of hidden and unprintable characters. */
export function piecesOf(text: string): (string | number)[] {
  const pieces: (string | number)[] = [];
  let seenFrom = 0;
  for (const match of text.matchAll(EMOJI_OR_UNSEEN)) {
    if (match.groups?.['emoji'] !== undefined) continue;
    if (match.index > seenFrom) pieces.push(text.slice(seenFrom, match.index));
    pieces.push(match[0].codePointAt(0) ?? 0);
    seenFrom = match.index + match[0].length;
  }
  if (seenFrom < text.length) pieces.push(text.slice(seenFrom));
  return pieces;
}
