const MAX_LINE_CHARS = 2_000;

/** Every line of `text` with its line end; together they are `text`. */
export function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/gu) ?? [];
}

/** `linesOf`, but for lines too long to be handled as one, which are cut; no character is cut in two. */
export function unitsOf(text: string, maxChars = MAX_LINE_CHARS): string[] {
  return linesOf(text).flatMap((line) => (line.length <= maxChars ? [line] : cut(line, maxChars)));
}

function cut(line: string, maxChars: number): string[] {
  const pieces: string[] = [];
  for (let from = 0; from < line.length;) {
    let to = Math.min(line.length, from + maxChars);
    const isHigh = /[\uD800-\uDBFF]/u.test(line.charAt(to - 1));
    if (to < line.length && isHigh && to - from > 1) to -= 1;
    pieces.push(line.slice(from, to));
    from = to;
  }
  return pieces;
}
