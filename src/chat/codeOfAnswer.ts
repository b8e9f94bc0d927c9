const OPENING = /^[ \t]{0,3}(`{3,}|~{3,})[^`\n]*$/u;

/** How models announce code, or end what they say. */
const CHATTER = /^(?:here|sure|okay|ok|certainly|of course|below|this is|the following|i )[^\n]*[:.!]$/iu;

interface Fence {
  readonly line: number;
  readonly mark: string;
}

/**
 * The code of an answer that should be one code block: the longest block; all that is left where there is no fence.
 * A fence that was never closed ends with the answer. Null: there is no code.
 *
 * @param original what the answer is to replace: where it has fences, those in the answer belong to the code
 */
export function codeOfAnswer(answer: string, original: string): string | null {
  const lines = answer.replaceAll('\r\n', '\n').split('\n');
  const code = hasFence(original) ? outermost(lines) : longest(blocksOf(lines));
  const text = (code ?? withoutChatter(lines)).join('\n');
  return text.trim() === '' ? null : text;
}

function hasFence(text: string): boolean {
  return text.split(/\r?\n/u).some((line) => OPENING.test(line));
}

/** From the first fence to the last; null where nothing is fenced. */
function outermost(lines: readonly string[]): string[] | null {
  const first = lines.findIndex((line) => OPENING.test(line));
  const fence = fenceAt(lines, first);
  if (fence === null) return null;
  const last = lines.findLastIndex((line, i) => i > first && closes(line, fence));
  return lines.slice(first + 1, last < 0 ? lines.length : last);
}

function blocksOf(lines: readonly string[]): string[][] {
  const blocks: string[][] = [];
  for (let i = 0; i < lines.length; i++) {
    const fence = fenceAt(lines, i);
    if (fence === null) continue;
    const offset = lines.slice(i + 1).findIndex((line) => closes(line, fence));
    const end = offset < 0 ? lines.length : i + 1 + offset;
    blocks.push(lines.slice(i + 1, end));
    i = end;
  }
  return blocks;
}

function longest(blocks: readonly string[][]): string[] | null {
  return blocks.toSorted((a, b) => b.join('\n').length - a.join('\n').length)[0] ?? null;
}

function fenceAt(lines: readonly string[], line: number): Fence | null {
  const mark = OPENING.exec(lines[line] ?? '')?.[1];
  return mark === undefined ? null : { line, mark };
}

function closes(line: string, { mark }: Fence): boolean {
  const text = line.trim();
  return text.startsWith(mark) && text.replaceAll(mark.charAt(0), '') === '';
}

function withoutChatter(lines: readonly string[]): string[] {
  const text = lines
    .join('\n')
    .replace(/^\n+|\s+$/gu, '')
    .split('\n');
  const [first = ''] = text;
  return CHATTER.test(first.trim()) && text.length > 1 ? text.slice(1) : text;
}
