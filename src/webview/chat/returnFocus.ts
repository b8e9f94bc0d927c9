import type { RefObject } from 'preact';

/** Gives the focus to `place` when what had it has gone, and nothing else was chosen meanwhile. */
export function returnFocus(place: RefObject<HTMLElement | null>): void {
  requestAnimationFrame(() => {
    if (document.activeElement === document.body) place.current?.focus();
  });
}
