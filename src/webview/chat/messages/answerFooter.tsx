import type { VNode } from 'preact';
import type { AnswerView } from '../../../protocol/chat.ts';
import type { ChatStrings } from '../../../protocol/chatStrings.ts';
import { fill, type Formats } from '../../texts.ts';
import { visibleText } from '../../ui/visibleText.tsx';
import { useChat } from '../context.ts';
import { IconButton } from '../iconButton.tsx';

export interface AnswerFooterProps {
  readonly answer: AnswerView;
  readonly canRegenerate: boolean;
}

/** Who wrote an answer and how fast, and what can be done with it. */
export function AnswerFooter({ answer, canRegenerate }: AnswerFooterProps): VNode {
  const { strings, formats, ask } = useChat();
  const { id, model } = answer;
  return (
    <footer>
      <div class="actions">
        <IconButton icon="copy" name={strings.copy} onClick={() => ask({ type: 'copyMessage', id })} />
        {canRegenerate && (
          <IconButton
            icon="retry"
            name={strings.regenerate}
            onClick={() => ask({ type: 'regenerate', id })}
          />
        )}
        <IconButton icon="inspect" name={strings.showSent} onClick={() => ask({ type: 'showSent', id })} />
      </div>
      <p class="statistics">
        {[model, ...statistics(answer, strings, formats)].map((part, index) => (
          <span key={index}>
            <bdi>{visibleText(part)}</bdi>
          </span>
        ))}
      </p>
    </footer>
  );
}

function statistics({ statistics: facts }: AnswerView, strings: ChatStrings, formats: Formats): string[] {
  if (facts === null) return [];
  const { tokens, decodeMs, cachedTokens, promptTokens } = facts;
  return [
    fill(strings.tokens, formats.count(tokens)),
    ...(decodeMs > 0 && tokens > 0
      ? [fill(strings.tokensPerSecond, formats.rate((tokens * 1_000) / decodeMs))]
      : []),
    fill(strings.cachedTokens, formats.count(cachedTokens), formats.count(promptTokens)),
  ];
}
