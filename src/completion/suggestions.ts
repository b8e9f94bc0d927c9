import type { CompleteParams } from '../protocol/engine.ts';

/** A place in a text where something could be suggested. */
export interface Place {
  readonly document: string;
  readonly prefix: string;
  readonly suffix: string;
  /** What the selected suggest-widget item would still add; '' without one. */
  readonly forcedPrefix: string;
}

/** What the engine said about a place. */
export interface Suggestion {
  readonly place: Place;
  /** What follows the place's prefix, the forced prefix included; null: nothing good enough. */
  readonly text: string | null;
  readonly trigger: CompleteParams['trigger'];
  /** Of the clock that measures `now`. */
  readonly madeAt: number;
}

const MAX_STORED = 64;

/** "Nothing" may change with the other open files, so it is believed for a short time only. */
const NOTHING_LIVES_MS = 30_000;

/** What was suggested lately, so that typing along it, going back and coming back need no engine. */
export class SuggestionStore {
  /** Latest use last. */
  #stored: Suggestion[] = [];
  #shown: Suggestion | null = null;

  add(suggestion: Suggestion): void {
    this.#stored = this.#stored.filter((other) => !isSamePlace(other.place, suggestion.place));
    this.#stored.push(suggestion);
    if (this.#stored.length > MAX_STORED) this.#stored.shift();
  }

  /** `suggestion` is on the screen now; it goes before all others as long as the text agrees with it. */
  show(suggestion: Suggestion): void {
    this.#shown = suggestion;
  }

  /**
   * The suggestion that answers for `place`, or null when nothing is known: the shown one, the one made nearest to
   * the cursor, or an earlier "nothing" for exactly this place. A person who asks gets an earlier text, but no
   * earlier "nothing", and what was only good enough for a person who asks is not volunteered.
   */
  find(place: Place, trigger: CompleteParams['trigger'], now: number): Suggestion | null {
    if (this.#shown !== null && remainderAt(this.#shown, place) !== null) return this.#shown;
    let best: Suggestion | null = null;
    for (const suggestion of this.#stored) {
      if (trigger === 'automatic' && suggestion.trigger === 'invoked') continue;
      const answers =
        suggestion.text === null
          ? trigger === 'automatic' &&
            now - suggestion.madeAt < NOTHING_LIVES_MS &&
            isSamePlace(suggestion.place, place)
          : remainderAt(suggestion, place) !== null;
      if (answers && suggestion.place.prefix.length >= (best?.place.prefix.length ?? 0)) best = suggestion;
    }
    if (best !== null) this.#touch(best);
    return best;
  }

  #touch(suggestion: Suggestion): void {
    this.#stored = this.#stored.filter((other) => other !== suggestion);
    this.#stored.push(suggestion);
  }
}

/** What is left of `suggestion` at `place` when the text typed since agrees with it; null when it doesn't. */
export function remainderAt(suggestion: Suggestion, place: Place): string | null {
  const { text } = suggestion;
  const typed = typedSince(suggestion.place, place);
  if (text === null || typed === null) return null;
  const known = typed + place.forcedPrefix;
  const fits = text.length > known.length && text.startsWith(known);
  if (!fits || !known.startsWith(suggestion.place.forcedPrefix)) return null;
  if (!suffixAgrees(suggestion.place.suffix, place.suffix, typed, text.slice(typed.length))) return null;
  return text.slice(typed.length);
}

/** What was typed since `earlier`; null when `now` is no continuation of its line. */
export function typedSince(earlier: Place, now: Place): string | null {
  if (earlier.document !== now.document || !now.prefix.startsWith(earlier.prefix)) return null;
  const typed = now.prefix.slice(earlier.prefix.length);
  return typed.includes('\n') ? null : typed;
}

/**
 * Whether the text right of the cursor is still the one that was asked about. While typing, editors put closers there
 * and take them away again; that agrees with a suggestion that writes them itself.
 */
export function suffixAgrees(earlier: string, now: string, typed: string, remainder: string): boolean {
  if (earlier === now) return true;
  if (now.length > earlier.length) return isClosersIn(now, earlier, remainder);
  return isClosersIn(earlier, now, typed);
}

const CLOSERS = /^[)>}\]"'`]{1,4}$/;

/** Whether `longer` is closers and `shorter`, the closers being written by `text` in the same order. */
function isClosersIn(longer: string, shorter: string, text: string): boolean {
  if (!longer.endsWith(shorter)) return false;
  const closers = longer.slice(0, longer.length - shorter.length);
  if (!CLOSERS.test(closers)) return false;
  let from = 0;
  for (const closer of closers) {
    const found = text.indexOf(closer, from);
    if (found < 0) return false;
    from = found + 1;
  }
  return true;
}

function isSamePlace(one: Place, other: Place): boolean {
  return (
    one.document === other.document &&
    one.forcedPrefix === other.forcedPrefix &&
    one.prefix === other.prefix &&
    one.suffix === other.suffix
  );
}
