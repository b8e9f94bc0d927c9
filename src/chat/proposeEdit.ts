import { addsHiddenCharacters } from '../text/hiddenCharacters.ts';
import { codeOfAnswer } from './codeOfAnswer.ts';

export type Proposal =
  | { readonly kind: 'edit'; readonly text: string }
  /** There is no code in the answer; it is what is there already; it has characters that can't be seen. */
  | { readonly kind: 'none'; readonly reason: 'no-code' | 'unchanged' | 'hidden' };

const BOM = '\uFEFF';

/**
 * What an answer puts in the place of `original`, which is made of whole lines: with its indentation, its line ends and
 * the empty lines around it.
 */
export function proposeEdit(original: string, answer: string): Proposal {
  const code = codeOfAnswer(answer, original);
  if (code === null) return { kind: 'none', reason: 'no-code' };
  const [head = '', body = '', tail = ''] = splitFrame(original);
  const [, bare = ''] = splitFrame(code);
  const fitted = indentLike(bare.split('\n'), body.split(/\r?\n/u)).join('\n');
  const text = `${head}${fitted.replaceAll('\n', lineEndOf(original))}${tail}`;
  if (text === original) return { kind: 'none', reason: 'unchanged' };
  return addsHiddenCharacters(text, original) ? { kind: 'none', reason: 'hidden' } : { kind: 'edit', text };
}

/** A byte order mark and empty lines at the start, the text between, line ends and empty lines at the end. */
function splitFrame(text: string): string[] {
  const start = text.startsWith(BOM) ? 1 : 0;
  const head = text.slice(0, start) + (/^(?:[ \t]*\r?\n)+/u.exec(text.slice(start))?.[0] ?? '');
  const rest = text.slice(head.length);
  const tail = /(?:\r?\n[ \t]*)*$/u.exec(rest)?.[0] ?? '';
  return [head, rest.slice(0, rest.length - tail.length), tail];
}

function lineEndOf(text: string): '\r\n' | '\n' {
  const ends = text.match(/\r?\n/gu) ?? [];
  return ends.filter((end) => end === '\r\n').length * 2 > ends.length ? '\r\n' : '\n';
}

function indentLike(lines: readonly string[], original: readonly string[]): string[] {
  const wanted = commonIndent(original);
  const given = commonIndent(lines);
  const bare = lines.map((line) => (line.trim() === '' ? '' : line.slice(given.length)));
  const fitted = usesTabs(original) ? bare.map(tabsFor(bare)) : bare;
  return fitted.map((line) => (line === '' ? '' : wanted + line));
}

function commonIndent(lines: readonly string[]): string {
  const indents = lines.filter((line) => line.trim() !== '').map(indentOf);
  const [first = ''] = indents;
  let length = first.length;
  for (const indent of indents) {
    while (!indent.startsWith(first.slice(0, length))) length--;
  }
  return first.slice(0, length);
}

function indentOf(line: string): string {
  return /^[ \t]*/u.exec(line)?.[0] ?? '';
}

function usesTabs(lines: readonly string[]): boolean {
  const indents = lines.map(indentOf);
  return (
    indents.some((indent) => indent.startsWith('\t')) && !indents.some((indent) => indent.startsWith(' '))
  );
}

/** Tabs for the spaces that the model indented by; one space more, as in block comments, stays one. */
function tabsFor(lines: readonly string[]): (line: string) => string {
  const widths = lines.map((line) => indentOf(line)).filter((indent) => /^ {2,}$/u.test(indent));
  const unit = Math.min(...widths.map(({ length }) => length));
  return (line) => {
    const { length } = /^ */u.exec(line)?.[0] ?? '';
    if (!Number.isFinite(unit) || length < unit) return line;
    return '\t'.repeat(Math.floor(length / unit)) + ' '.repeat(length % unit) + line.slice(length);
  };
}
