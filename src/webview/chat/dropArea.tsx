import type { ComponentChildren, VNode } from 'preact';
import { useState } from 'preact/hooks';
import { useChat } from './context.ts';
import { droppedUris } from './droppedUris.ts';

export interface DropAreaProps {
  readonly hidden: boolean;
  readonly children: ComponentChildren;
}

/** Files that are dropped anywhere on the chat are attached. */
export function DropArea({ hidden, children }: DropAreaProps): VNode {
  const { strings, ask } = useChat();
  const [isOver, setOver] = useState(false);
  return (
    <main
      class={isOver ? 'chat dropping' : 'chat'}
      hidden={hidden}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!(event.relatedTarget instanceof Node)) setOver(false);
      }}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const uris = droppedUris((type) => event.dataTransfer?.getData(type) ?? '');
        if (uris.length > 0) ask({ type: 'drop', uris });
      }}
    >
      {children}
      {isOver && <div class="drop-hint">{strings.drop}</div>}
    </main>
  );
}
