import type { CompleteParams, CompleteResult } from '../protocol/engine.ts';
import { GemmaError } from '../protocol/errors.ts';
import { Pacing } from './pacing.ts';
import { shapeSuggestion } from './shaping.ts';
import type { ShapedText } from './shaping.ts';
import { remainderAt, suffixAgrees, SuggestionStore, typedSince } from './suggestions.ts';
import type { Place, Suggestion } from './suggestions.ts';

export interface Clock {
  /** Milliseconds, monotonic. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

/** A request that is with the engine. Cancelling it is a wish: the result may still come. */
export interface RunningCompletion {
  readonly result: Promise<CompleteResult>;
  cancel(): void;
}

export interface SessionOptions {
  readonly clock: Clock;
  readonly complete: (params: CompleteParams) => RunningCompletion;
  /** Wait before asking, in milliseconds; null: as typing rhythm and the engine's speed suggest. */
  readonly fixedDelayMs: () => number | null;
}

export interface CompletionRequest extends Place {
  readonly fileName: string;
  readonly languageId: string;
  readonly trigger: CompleteParams['trigger'];
  /** Asked for only when the engine is. */
  readonly neighbors: () => CompleteParams['neighbors'];
  /** False once the editor has turned away. */
  readonly isWanted: () => boolean;
}

/** Where an answer came from: `stored` includes what is on the screen already. */
export type SuggestionOrigin = 'stored' | 'running' | 'new';

export interface ShapedSuggestion extends ShapedText {
  readonly origin: SuggestionOrigin;
}

interface Job {
  readonly place: Place;
  readonly running: RunningCompletion;
  /** Resolves when the job is over, with the error it ended with. */
  readonly settled: Promise<GemmaError | null>;
}

/**
 * Decides how a keystroke is answered: by what is known already, by a request that is running and may still turn out
 * right, or by a new one. A request is not given up because a key was pressed: a model on the person's own machine
 * would never finish a line. It is given up when the text no longer agrees with it.
 */
export class CompletionSession {
  readonly #options: SessionOptions;
  #store = new SuggestionStore();
  readonly #pacing = new Pacing();
  #newest = 0;
  #job: Job | null = null;
  #lastPlace: Place | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /**
   * What to show for `request`; null: nothing, or a newer request has been made meanwhile.
   *
   * @throws GemmaError as the engine answered; never `cancelled` or `superseded`
   */
  async suggest(request: CompletionRequest): Promise<ShapedSuggestion | null> {
    const { clock } = this.#options;
    const number = ++this.#newest;
    const askedAt = clock.now();
    const isCurrent = (): boolean => number === this.#newest;
    this.#noteKeystroke(request, askedAt);

    const known = this.#find(request);
    if (known !== null) return this.#show(known, request, 'stored');

    if (this.#job !== null && mayAnswer(this.#job.place, request)) {
      await Promise.race([this.#job.settled, clock.sleep(this.#pacing.patienceMs())]);
      if (!isCurrent()) return null;
      const adopted = this.#find(request);
      if (adopted !== null) return this.#show(adopted, request, 'running');
    }

    const wait = this.#delayMs(request) - (clock.now() - askedAt);
    if (wait > 0) {
      await clock.sleep(wait);
      if (!isCurrent()) return null;
      const arrived = this.#find(request);
      if (arrived !== null) return this.#show(arrived, request, 'running');
    }
    if (!request.isWanted()) return null;

    const error = await this.#start(request).settled;
    if (!isCurrent()) return null;
    if (error !== null && error.code !== 'cancelled' && error.code !== 'superseded') throw error;
    const made = this.#find(request);
    return made === null ? null : this.#show(made, request, 'new');
  }

  /** Forgets everything and gives up what is running: settings or the model have changed. */
  clear(): void {
    this.#newest++;
    this.#job?.running.cancel();
    this.#job = null;
    this.#store = new SuggestionStore();
  }

  #find(request: CompletionRequest): Suggestion | null {
    return this.#store.find(request, request.trigger, this.#options.clock.now());
  }

  #show(suggestion: Suggestion, request: Place, origin: SuggestionOrigin): ShapedSuggestion | null {
    const remainder = remainderAt(suggestion, request);
    if (remainder === null) return null;
    const shaped = shapeSuggestion(remainder, request.prefix, request.suffix);
    if (typeof shaped === 'string') return null;
    this.#store.show(suggestion);
    return { ...shaped, origin };
  }

  #start(request: CompletionRequest): Job {
    this.#job?.running.cancel();
    const { clock, complete } = this.#options;
    const { document, prefix, suffix, forcedPrefix, fileName, languageId, trigger } = request;
    const place: Place = { document, prefix, suffix, forcedPrefix };
    const store = this.#store;
    const startedAt = clock.now();
    const running = complete({
      document,
      fileName,
      languageId,
      prefix,
      suffix,
      neighbors: request.neighbors(),
      ...(forcedPrefix === '' ? {} : { forcedPrefix }),
      trigger,
    });
    const settled = running.result.then(
      ({ text }) => {
        const madeAt = clock.now();
        this.#pacing.noteLatency(madeAt - startedAt);
        if (this.#job === job) this.#job = null;
        store.add({ place, text, trigger, madeAt });
        return null;
      },
      (error: unknown) => {
        if (this.#job === job) this.#job = null;
        return toError(error);
      },
    );
    const job: Job = { place, running, settled };
    this.#job = job;
    return job;
  }

  #delayMs(request: CompletionRequest): number {
    if (request.trigger === 'invoked') return 0;
    return this.#options.fixedDelayMs() ?? this.#pacing.delayMs(request.prefix);
  }

  #noteKeystroke(request: Place, now: number): void {
    const { document, prefix, suffix, forcedPrefix } = request;
    const changed = this.#lastPlace?.prefix !== prefix;
    if (changed && this.#lastPlace?.document === document) this.#pacing.noteKeystroke(now);
    this.#lastPlace = { document, prefix, suffix, forcedPrefix };
  }
}

/** Whether a request asked at `earlier` may end with an answer for `now`. */
function mayAnswer(earlier: Place, now: Place): boolean {
  const typed = typedSince(earlier, now);
  if (typed === null || !(typed + now.forcedPrefix).startsWith(earlier.forcedPrefix)) return false;
  return suffixAgrees(earlier.suffix, now.suffix, typed, ANY_CLOSERS);
}

/** Stands for a text that isn't known yet and may hold any closers in any order. */
const ANY_CLOSERS = ')>}]"\'`'.repeat(4);

function toError(error: unknown): GemmaError {
  return error instanceof GemmaError ? error : new GemmaError('internal', String(error), { cause: error });
}
