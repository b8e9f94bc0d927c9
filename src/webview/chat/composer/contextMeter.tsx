import type { VNode } from 'preact';
import type { ComposerView } from '../../../protocol/chat.ts';
import { fill } from '../../texts.ts';
import { useChat } from '../context.ts';

/** From here on there is little room left. */
const NEARLY_FULL = 0.9;

/** How much of what the model can read the next question would fill. */
export function ContextMeter({ context }: { readonly context: ComposerView['context'] }): VNode | null {
  const { strings, formats } = useChat();
  if (context === null || context.limit === 0) return null;
  const { tokens, limit } = context;
  const part = Math.min(tokens / limit, 1);
  const sentence = fill(strings.context, formats.count(tokens), formats.count(limit));
  return (
    <span
      class={part < NEARLY_FULL ? 'context' : 'context nearly-full'}
      role="meter"
      aria-label={strings.contextName}
      aria-valuemin={0}
      aria-valuemax={limit}
      aria-valuenow={Math.min(tokens, limit)}
      aria-valuetext={sentence}
      title={sentence}
    >
      <svg class="ring" viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="8" cy="8" r="6" />
        <circle class="part" cx="8" cy="8" r="6" pathLength={100} stroke-dasharray={`${part * 100} 100`} />
      </svg>
      <span aria-hidden="true">{formats.percent(part)}</span>
    </span>
  );
}
