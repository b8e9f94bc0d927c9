import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { visibleText } from '../ui/visibleText.tsx';

/** Something that completes what is being written. */
export interface Offer {
  readonly id: string;
  readonly label: string;
  readonly detail: string;
}

export interface OfferListProps {
  readonly id: string;
  readonly label: string;
  readonly nothing: string;
  readonly offers: readonly Offer[];
  readonly chosen: number;
  readonly onTake: (offer: Offer) => void;
}

/** What the box can be completed with; the keyboard stays in the box. */
export function OfferList({ id, label, nothing, offers, chosen, onTake }: OfferListProps): VNode {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => list.current?.children[chosen]?.scrollIntoView({ block: 'nearest' }), [chosen]);
  return (
    <ul ref={list} class="offers" id={id} role="listbox" aria-label={label}>
      {offers.length === 0 && (
        <li class="nothing" role="option" aria-disabled="true" aria-selected="false">
          {nothing}
        </li>
      )}
      {offers.map((offer, index) => (
        <li
          key={offer.id}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === chosen}
          // The box would lose the focus before the click.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onTake(offer)}
        >
          <bdi class="offer-label">{visibleText(offer.label)}</bdi>
          <bdi class="offer-detail">{visibleText(offer.detail)}</bdi>
        </li>
      ))}
    </ul>
  );
}
