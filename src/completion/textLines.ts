/** Line access to a document, so that a huge one is never copied whole. Lines carry no line ends. */
export interface TextLines {
  readonly lineCount: number;
  lineText(line: number): string;
}

/** 0-based; `character` counts UTF-16 units. */
export interface Cursor {
  readonly line: number;
  readonly character: number;
}

/** The lines of `parts`, one after the other, as those of one text. */
export function joinLines(parts: readonly TextLines[]): TextLines {
  const starts: number[] = [];
  let lineCount = 0;
  for (const part of parts) {
    starts.push(lineCount);
    lineCount += part.lineCount;
  }
  const lineText = (line: number): string => {
    const index = starts.findLastIndex((start) => start <= line);
    return parts[index]?.lineText(line - (starts[index] ?? 0)) ?? '';
  };
  return { lineCount, lineText };
}
