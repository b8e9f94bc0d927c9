import type { VNode } from 'preact';
import { visibleText } from '../../ui/visibleText.tsx';

export interface ListedChoice {
  readonly id: string;
  readonly label: string;
  readonly detail: string;
}

export interface ChoiceListProps {
  readonly listId: string;
  readonly name: string;
  readonly choices: readonly ListedChoice[];
  /** Counts from 0. */
  readonly active: number;
  readonly onPick: (choice: ListedChoice) => void;
}

export function optionId(listId: string, index: number): string {
  return `${listId}-${index}`;
}

/** What can be chosen while typing; the focus stays in the box. */
export function ChoiceList({ listId, name, choices, active, onPick }: ChoiceListProps): VNode {
  return (
    <ul class="choices" role="listbox" id={listId} aria-label={name}>
      {choices.map((choice, index) => (
        <li
          key={choice.id}
          id={optionId(listId, index)}
          role="option"
          aria-selected={index === active}
          ref={(option) => {
            if (index === active) option?.scrollIntoView({ block: 'nearest' });
          }}
          onMouseDown={(event) => {
            event.preventDefault();
            onPick(choice);
          }}
        >
          <bdi class="choice-label">{visibleText(choice.label)}</bdi>
          <bdi class="choice-detail">{visibleText(choice.detail)}</bdi>
        </li>
      ))}
    </ul>
  );
}
