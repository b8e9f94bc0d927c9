import type { VNode } from 'preact';
import type { ModelView } from '../../../protocol/chat.ts';
import { fill } from '../../texts.ts';
import { visibleText } from '../../ui/visibleText.tsx';
import { useChat } from '../context.ts';
import { Icon } from '../icons.tsx';

/** Which model answers and how it is; leads to the choice of another. */
export function ModelButton({
  model: { state, name, sentence, progress },
}: {
  readonly model: ModelView;
}): VNode {
  const { strings, formats, ask } = useChat();
  const shown = name === '' ? strings.chooseModel : name;
  const part = progress === null ? '' : formats.percent(progress);
  const described =
    name === '' ? shown : fill(strings.pickModel, name, `${strings.modelStates[state]} ${part}`.trim());
  return (
    <button
      type="button"
      class={`model-button ${state}`}
      aria-label={described}
      title={sentence === '' ? described : sentence}
      onClick={() => ask({ type: 'pickModel' })}
    >
      <span class="lamp" aria-hidden="true" />
      <bdi class="model-name">{visibleText(shown)}</bdi>
      {part !== '' && <span class="percent">{part}</span>}
      <Icon name="more" />
    </button>
  );
}
