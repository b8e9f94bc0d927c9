import { useEffect, useState } from 'preact/hooks';
import { useChat } from '../context.ts';
import type { ChatState } from '../state.ts';
import type { ListedChoice } from './choiceList.tsx';
import { triggerAt, type Trigger } from './trigger.ts';

export interface Choosing {
  readonly trigger: Trigger;
  readonly choices: readonly ListedChoice[];
  readonly active: number;
  /** Goes round. */
  readonly move: (step: number) => void;
  readonly dismiss: () => void;
}

/** What can be chosen for what stands before the caret; null: nothing. */
export function useChoosing(state: ChatState, text: string, caret: number): Choosing | null {
  const { ask } = useChat();
  const [active, setActive] = useState(0);
  const [dismissed, setDismissed] = useState<number | null>(null);
  const trigger = triggerAt(text, caret);
  const { kind = null, query = '', start = null } = trigger ?? {};
  useEffect(() => {
    setActive(0);
    if (kind === 'attachment') ask({ type: 'findAttachments', query });
  }, [kind, query, ask]);
  useEffect(() => setDismissed(null), [start]);
  if (trigger === null || start === dismissed) return null;
  const choices = kind === 'command' ? commands(state, query) : attachments(state, query);
  if (choices.length === 0) return null;
  return {
    trigger,
    choices,
    active: Math.min(active, choices.length - 1),
    move: (step) => setActive((choices.length + active + step) % choices.length),
    dismiss: () => setDismissed(start),
  };
}

function commands({ slashCommands }: ChatState, query: string): ListedChoice[] {
  return slashCommands
    .filter(({ name }) => name.startsWith(query.toLowerCase()))
    .map(({ name, detail }) => ({ id: name, label: `/${name}`, detail }));
}

/** Those for another query are late, and wrong. */
function attachments({ choices }: ChatState, query: string): readonly ListedChoice[] {
  return choices.query === query ? choices.choices : [];
}
