import type { VNode } from 'preact';
import { memo } from 'preact/compat';
import { useMemo } from 'preact/hooks';
import type { AnswerView, FromChat } from '../../protocol/chat.ts';
import type { ChatStrings } from '../../protocol/chatStrings.ts';
import { Markdown } from '../markdown/markdown.tsx';
import { fill } from '../texts.ts';
import type { Formats } from '../texts.ts';
import { visibleText } from '../ui/visibleText.tsx';
import { IconButton } from './icons.tsx';

export interface AnswerItemProps {
  readonly answer: AnswerView;
  readonly canRegenerate: boolean;
  readonly strings: ChatStrings;
  readonly formats: Formats;
  readonly ask: (message: FromChat) => void;
}

const noActions = {};

export const AnswerItem = memo(({ answer, canRegenerate, strings, formats, ask }: AnswerItemProps): VNode => {
  const { id, text, thought, end, model } = answer;
  const isWriting = end === 'writing';
  const { copy, insert, apply, newFile } = strings;
  // Another object would make every block be rendered again.
  const blockActions = useMemo(() => ({ copy, insert, apply, newFile }), [copy, insert, apply, newFile]);
  const outcome = outcomeOf(answer, strings);
  return (
    <article class="message answer" aria-label={model} aria-busy={isWriting}>
      <h2 class="who">
        <bdi>{visibleText(model)}</bdi>
      </h2>
      {thought !== '' && (
        <details class="thought">
          <summary>{isWriting && text === '' ? strings.thinking : strings.thought}</summary>
          <div>
            <Markdown
              text={thought}
              isStreaming={isWriting}
              blockActions={noActions}
              onBlock={nothing}
              onLink={nothing}
            />
          </div>
        </details>
      )}
      {isWriting && text === '' && thought === '' ? (
        <p class="waiting">
          <span class="dots" aria-hidden="true" />
          {answer.progress ?? strings.reading}
        </p>
      ) : (
        <Markdown
          text={text}
          isStreaming={isWriting}
          blockActions={blockActions}
          onBlock={(action, index) => ask({ type: 'block', action, id, index })}
          onLink={(url) => ask({ type: 'openLink', url })}
        />
      )}
      {outcome !== null && (
        <p class={`outcome ${end}`}>
          <span>{visibleText(outcome)}</span>
          {canRegenerate && end !== 'limit' && (
            <button type="button" class="text-button" onClick={() => ask({ type: 'regenerate', id })}>
              {strings.tryAgain}
            </button>
          )}
        </p>
      )}
      {!isWriting && (
        <div class="message-actions">
          <span class="costs">{costs(answer, strings, formats)}</span>
          <IconButton icon="copy" name={copy} onClick={() => ask({ type: 'copyMessage', id })} />
          <IconButton icon="sent" name={strings.showSent} onClick={() => ask({ type: 'showSent', id })} />
          {canRegenerate && (
            <IconButton
              icon="refresh"
              name={strings.regenerate}
              onClick={() => ask({ type: 'regenerate', id })}
            />
          )}
        </div>
      )}
    </article>
  );
});

function nothing(): void {
  // Thoughts are only read.
}

/** What is to be said about how it ended; null: it ended well, or has not yet. */
function outcomeOf({ end, error }: AnswerView, strings: ChatStrings): string | null {
  switch (end) {
    case 'writing':
    case 'stop':
      return null;
    case 'cancelled':
      return strings.cancelled;
    case 'interrupted':
      return strings.interrupted;
    case 'limit':
      return strings.limit;
    case 'context':
      return strings.contextFull;
    case 'failed':
      return fill(strings.failed, error ?? '');
    default:
      return end satisfies never;
  }
}

function costs({ statistics }: AnswerView, strings: ChatStrings, formats: Formats): string {
  if (statistics === null) return '';
  const { tokens, decodeMs, promptTokens, cachedTokens } = statistics;
  const perSecond = decodeMs > 0 ? Math.round((1_000 * tokens) / decodeMs) : 0;
  return [
    fill(strings.tokens, formats.count(tokens)),
    ...(perSecond > 0 ? [fill(strings.tokensPerSecond, formats.count(perSecond))] : []),
    fill(strings.cachedTokens, formats.count(promptTokens), formats.count(cachedTokens)),
  ].join(' · ');
}
