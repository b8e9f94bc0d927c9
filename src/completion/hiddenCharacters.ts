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
