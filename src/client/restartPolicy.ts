/** Crashes within this time count together. */
const WINDOW_MS = 3 * 60_000;
/** The crash that ends the attempts. */
const MAX_CRASHES = 5;
const FIRST_DELAY_MS = 100;

/** Times of the latest crashes, in milliseconds of one monotonic clock. */
export type CrashHistory = readonly number[];

export type RestartDecision =
  | {
      readonly restart: true;
      readonly attempt: number;
      readonly delayMs: number;
      readonly history: CrashHistory;
    }
  | { readonly restart: false; readonly history: CrashHistory };

/**
 * What to do after a crash at `now`: restart with a delay that doubles, until the fifth crash within three minutes.
 * The window slides, so a process that crashes rarely is restarted for ever.
 */
export function afterCrash(history: CrashHistory, now: number): RestartDecision {
  const recent = [...history.filter((time) => now - time < WINDOW_MS), now];
  if (recent.length >= MAX_CRASHES) return { restart: false, history: recent };
  return {
    restart: true,
    attempt: recent.length,
    delayMs: FIRST_DELAY_MS * 2 ** (recent.length - 1),
    history: recent,
  };
}
