import type { VNode } from 'preact';
import type { FromChat, ModelView } from '../../protocol/chat.ts';
import type { ChatStrings } from '../../protocol/chatStrings.ts';
import { visibleText } from '../ui/visibleText.tsx';

export interface WelcomeProps {
  readonly model: ModelView;
  readonly strings: ChatStrings;
  readonly ask: (message: FromChat) => void;
  readonly onExample: (text: string) => void;
}

/** Before the first question: what can be asked, or what is missing for it. */
export function Welcome({ model, strings, ask, onExample }: WelcomeProps): VNode {
  const { state, sentence, progress } = model;
  if (state === 'none' || state === 'error') {
    return (
      <section class="welcome">
        <h2>{strings.noModel}</h2>
        <p role={state === 'error' ? 'alert' : undefined}>{visibleText(sentence)}</p>
        <button type="button" class="button" onClick={() => ask({ type: 'pickModel' })}>
          {strings.chooseModel}
        </button>
      </section>
    );
  }
  return (
    <section class="welcome">
      <h2>{strings.welcome}</h2>
      <p>{strings.welcomeDetail}</p>
      {state === 'busy' && (
        <p class="busy" role="status">
          <span class="dots" aria-hidden="true" />
          <span>{sentence}</span>
          {progress !== null && <progress aria-label={sentence} value={progress} />}
        </p>
      )}
      <ul class="examples">
        {strings.examples.map((example) => (
          <li key={example}>
            <button type="button" class="example" onClick={() => onExample(example)}>
              {example}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
