import type { VNode } from 'preact';
import { useId, useMemo } from 'preact/hooks';
import type { BlockAction } from '../../protocol/chat.ts';
import { visibleLines, visibleText } from '../ui/visibleText.tsx';
import { highlighted } from './highlight.tsx';
import { languageOf } from './languages.ts';
import { useSettledLength } from './settledLength.ts';

export interface CodeBlockProps {
  /** What stands after the fence. */
  readonly info: string;
  readonly code: string;
  /** It is still being written. */
  readonly isOpen: boolean;
  /** Names of what can be done with it; an action without a name is not offered. */
  readonly actions: Readonly<Partial<Record<BlockAction, string>>>;
  readonly onAction: (action: BlockAction) => void;
}

const ACTIONS: readonly BlockAction[] = ['copy', 'insert', 'apply', 'newFile'];

/** Code in the colours of the theme, and what can be done with it. */
export function CodeBlock({ info, code, isOpen, actions, onAction }: CodeBlockProps): VNode {
  const { name, grammar } = languageOf(info);
  const settled = useSettledLength(code, isOpen);
  const start = code.slice(0, settled);
  const colored = useMemo(() => highlighted(start, grammar), [start, grammar]);
  const nameId = useId();
  return (
    <div class="code-block" role="group" aria-labelledby={nameId}>
      <div class="code-header">
        <bdi class="code-language" dir="ltr" id={nameId}>
          {visibleText(name)}
        </bdi>
        {ACTIONS.map((action) =>
          actions[action] === undefined ? null : (
            <button
              key={action}
              type="button"
              class="code-action"
              disabled={isOpen}
              onClick={() => onAction(action)}
            >
              {actions[action]}
            </button>
          ),
        )}
      </div>
      <pre dir="ltr" tabIndex={0}>
        <code>
          {colored}
          {settled < code.length ? visibleLines(code.slice(settled)) : null}
        </code>
      </pre>
    </div>
  );
}
