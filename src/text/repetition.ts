/** Longest unit that is looked for, in tokens or words. */
const MAX_PERIOD = 12;
const MIN_REPEATS = 3;
/** A shorter run is ordinary code: `0, 0, 0`, `}}}`. */
const MIN_REPEATED = 8;

/** Whether `tokens` ends in the same few tokens over and over: a small model's way of having nothing to say. */
export function endsInRepetition(tokens: readonly (number | string)[]): boolean {
  for (let period = 1; period <= MAX_PERIOD; period++) {
    const length = Math.max(MIN_REPEATS * period, MIN_REPEATED);
    if (length > tokens.length) return false;
    let run = period;
    while (run < length && tokens[tokens.length - 1 - run] === tokens[tokens.length - 1 - run + period])
      run++;
    if (run === length) return true;
  }
  return false;
}
