import type { VNode } from 'preact';
import type { ModelView } from '../../protocol/chat.ts';
import { fill } from '../texts.ts';
import { visibleText } from '../ui/visibleText.tsx';
import { useChat } from './context.ts';

export interface WelcomeProps {
  readonly model: ModelView;
  readonly readOnly: boolean;
  readonly fillBox: (text: string) => void;
}

/** What stands where messages will be: what can be asked, or why nothing can. */
export function Welcome({ model, readOnly, fillBox }: WelcomeProps): VNode {
  const { strings, ask } = useChat();
  if (model.state === 'none') {
    return (
      <section class="welcome" aria-labelledby="welcome-title">
        <h1 id="welcome-title">{strings.noModelTitle}</h1>
        <p>{visibleText(model.sentence)}</p>
        <button type="button" class="primary" onClick={() => ask({ type: 'getModel' })}>
          {strings.getModel}
        </button>
        <button type="button" class="secondary" onClick={() => ask({ type: 'pickModel' })}>
          {strings.chooseModel}
        </button>
      </section>
    );
  }
  return (
    <section class="welcome" aria-labelledby="welcome-title">
      <h1 id="welcome-title">{strings.emptyTitle}</h1>
      <p>
        {model.host === undefined
          ? strings.emptySentence
          : visibleText(fill(strings.emptySentenceRemote, model.host))}
      </p>
      {!readOnly && (
        <ul class="examples">
          {strings.examples.map((example) => (
            <li key={example}>
              <button type="button" class="example" onClick={() => fillBox(example)}>
                {example}
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
