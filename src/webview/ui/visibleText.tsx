import type { ComponentChildren, VNode } from 'preact';
import { piecesOf } from '../../text/hiddenCharacters.ts';
import { codePointName } from '../texts.ts';

/** Most code is this, and holds nothing that can't be seen. */
const PLAIN = /^[\t\u0020-\u007E]*$/u;

/** Foreign text without line ends; characters that can't be seen show as their code points. */
export function visibleText(text: string): ComponentChildren {
  if (PLAIN.test(text)) return text;
  return piecesOf(text).map((piece) =>
    typeof piece === 'string' ? piece : <HiddenCharacter codePoint={piece} />,
  );
}

/** As {@link visibleText}; a line end is a line end. */
export function visibleLines(text: string): ComponentChildren {
  if (text.split('\n').every((line) => PLAIN.test(line))) return text;
  return text
    .split('\n')
    .flatMap((line, index) => (index === 0 ? visibleText(line) : ['\n', visibleText(line)]));
}

export function HiddenCharacter({ codePoint }: { readonly codePoint: number }): VNode {
  return <span class="hidden-character">{codePointName(codePoint)}</span>;
}
