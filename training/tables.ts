/** Percent with its standard error. */
export function percent(right: number, of: number): string {
  if (of === 0) return '–';
  const rate = right / of;
  return `${(100 * rate).toFixed(1)} ± ${(100 * Math.sqrt((rate * (1 - rate)) / of)).toFixed(1)}`;
}

/** A row of a Markdown table. */
export function row(...cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}

/** The head of a Markdown table; numbers stand in all columns but the first. */
export function header(...cells: readonly string[]): void {
  row(...cells);
  row(...cells.map((_, column) => (column === 0 ? '---' : '---:')));
}
