import type { VNode } from 'preact';
import type { AnswerView } from '../../../protocol/chat.ts';
import { Markdown } from '../../markdown/markdown.tsx';
import { visibleText } from '../../ui/visibleText.tsx';
import { useChat } from '../context.ts';
import { Icon } from '../icons.tsx';
import { AnswerFooter } from './answerFooter.tsx';
import { endSentence } from './endSentence.ts';

export interface AnswerProps {
  readonly answer: AnswerView;
  readonly isLast: boolean;
  readonly canChange: boolean;
}

const NO_ACTIONS = {};

/** What a model wrote, how it came to its end, and what can be done with it. */
export function Answer({ answer, isLast, canChange }: AnswerProps): VNode {
  const { strings, ask } = useChat();
  const { id, text, thought, end } = answer;
  const isWriting = end === 'writing';
  const sentence = endSentence(answer, strings);
  const onLink = (url: string): void => ask({ type: 'openLink', url });
  return (
    <li class="message answer" aria-busy={isWriting}>
      <h3 class="visually-hidden">{strings.model}</h3>
      {thought !== '' && (
        <details class="thought">
          <summary>
            <Icon name="more" />
            {isWriting && text === '' ? strings.thinking : strings.thought}
          </summary>
          <Markdown
            text={thought}
            isStreaming={isWriting && text === ''}
            blockActions={NO_ACTIONS}
            onBlock={() => undefined}
            onLink={onLink}
          />
        </details>
      )}
      {isWriting && text === '' && (
        <p class="typing">
          <span class="dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {answer.progress === null ? strings.writing : visibleText(answer.progress)}
        </p>
      )}
      {text !== '' && (
        <Markdown
          text={text}
          isStreaming={isWriting}
          blockActions={strings.blocks}
          onBlock={(action, index) => ask({ type: 'block', action, id, index })}
          onLink={onLink}
        />
      )}
      {sentence !== null && (
        <div class={`end ${end}`}>
          <Icon name="warning" />
          <p>{visibleText(sentence)}</p>
          {isLast && canChange && (
            <button type="button" class="secondary" onClick={() => ask({ type: 'regenerate', id })}>
              {strings.tryAgain}
            </button>
          )}
        </div>
      )}
      {!isWriting && <AnswerFooter answer={answer} canRegenerate={isLast && canChange} />}
    </li>
  );
}
