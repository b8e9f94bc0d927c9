/** As much of `text`, from `from` on, as can be said aloud: whole sentences, without the signs of Markdown. */
export function nextSentences(text: string, from: number): { readonly said: string; readonly next: number } {
  const rest = text.slice(from);
  // Half a block of code can't be told from sentences.
  const isInCode = (text.slice(0, from).match(/^```/gmu)?.length ?? 0) % 2 === 1;
  const fences = [...rest.matchAll(/^```.*$/gmu)];
  const open = (fences.length + (isInCode ? 1 : 0)) % 2 === 1 ? (fences.at(-1)?.index ?? 0) : rest.length;
  const last = [...rest.slice(0, open).matchAll(/[.!?:](?=\s)|\n/gu)].at(-1);
  if (last === undefined) return { said: '', next: from };
  const length = last.index + last[0].length;
  return { said: spoken(rest.slice(0, length)), next: from + length };
}

/** Code is for reading: of a block only its language is left. */
export function spoken(markdown: string): string {
  return markdown
    .replaceAll(/^```(.*)\n[^]*?(?:^```$|(?![^]))/gmu, '$1 …')
    .replaceAll(/[*_`#>|~]+/gu, ' ')
    .replaceAll(/\s+/gu, ' ')
    .trim();
}
