import type { VNode } from 'preact';
import type { Shown } from '../../protocol/inspector.ts';
import { HiddenCharacter } from './visibleText.tsx';

/** Foreign text; characters that can't be seen show as their code points. It can't turn what stands around it. */
export function ShownText({ pieces }: { readonly pieces: Shown }): VNode {
  return (
    <bdi dir="ltr">
      {pieces.map((piece) => (typeof piece === 'string' ? piece : <HiddenCharacter codePoint={piece} />))}
    </bdi>
  );
}
