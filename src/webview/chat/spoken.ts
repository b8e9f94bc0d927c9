/** As much of `text`, from `from` on, as can be said aloud: whole sentences, without the signs of Markdown. */
export function nextSentences(text: string, from: number): { readonly said: string; readonly next: number } {
  const rest = text.slice(from);
  const ends = [...rest.matchAll(/[.!?:](?=\s)|\n/gu)];
  const last = ends.at(-1);
  if (last === undefined) return { said: '', next: from };
  const length = last.index + last[0].length;
  return { said: plain(rest.slice(0, length)), next: from + length };
}

/** Code is for reading: of a block only its fence's language is left. */
export function plain(markdown: string): string {
  return markdown
    .replaceAll(/[*_`#>|~]+/gu, ' ')
    .replaceAll(/\s+/gu, ' ')
    .trim();
}
