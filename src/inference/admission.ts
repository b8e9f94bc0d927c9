/** What the engine can be asked to do; each is one job. */
export type JobKind = 'complete' | 'model' | 'logits' | 'warmUp';

export interface Job {
  readonly id: number;
  readonly kind: JobKind;
  /** Completions and warm-ups of one document of one client replace each other; null: never replaced. */
  readonly document: string | null;
}

/** Which job has the engine and which wait, in the order of arrival. */
export interface Admission {
  readonly running: Job | null;
  readonly waiting: readonly Job[];
  /** Completions and warm-ups start only while a model is loaded. */
  readonly modelReady: boolean;
}

/** The next state and what to do about the jobs that changed. */
export interface Step {
  readonly next: Admission;
  /** Give this one the engine. */
  readonly start: Job | null;
  /** Ask the running one to stop; it keeps the engine until it has. */
  readonly stop: Job | null;
  /** Answer these `superseded`. */
  readonly superseded: readonly Job[];
  /** The arriving job itself has no place. */
  readonly rejected: boolean;
}

/** More than any number of windows asks for at once; beyond it something is wrong. */
const MAX_WAITING = 64;

/** Lower runs first. */
const priority: Record<JobKind, number> = { complete: 0, model: 1, logits: 1, warmUp: 2 };

export const emptyAdmission: Admission = { running: null, waiting: [], modelReady: false };

/**
 * A newer completion replaces the waiting one of its document, and interrupts a warm-up, whose cache stays.
 * In a full queue the oldest warm-up or else the oldest completion makes room.
 */
export function arrive(state: Admission, job: Job): Step {
  const replaced = state.waiting.filter((other) => replaces(job, other));
  let waiting = state.waiting.filter((other) => !replaced.includes(other));
  const evicted = waiting.length < MAX_WAITING ? undefined : evictable(waiting, job);
  if (waiting.length >= MAX_WAITING && evicted === undefined) {
    return { next: { ...state, waiting }, start: null, stop: null, superseded: replaced, rejected: true };
  }
  waiting = [...waiting.filter((other) => other !== evicted), job];
  const stop = job.kind === 'complete' && state.running?.kind === 'warmUp' ? state.running : null;
  const superseded = evicted === undefined ? replaced : [...replaced, evicted];
  return { ...startNext({ ...state, waiting }), stop, superseded };
}

/** The running job has let go of the engine. */
export function finish(state: Admission): Step {
  return startNext({ ...state, running: null });
}

/** The caller no longer wants the job: a waiting one leaves, a running one is asked to stop. */
export function withdraw(state: Admission, id: number): Step {
  const waiting = state.waiting.filter((job) => job.id !== id);
  const stop = state.running?.id === id ? state.running : null;
  return { ...unchanged({ ...state, waiting }), stop };
}

/** A model was loaded or unloaded. */
export function setModelReady(state: Admission, modelReady: boolean): Step {
  return startNext({ ...state, modelReady });
}

function replaces(job: Job, other: Job): boolean {
  if (job.document === null || other.document !== job.document) return false;
  return other.kind === 'warmUp' || (other.kind === 'complete' && job.kind === 'complete');
}

function evictable(waiting: readonly Job[], job: Job): Job | undefined {
  const warmUp = waiting.find((other) => other.kind === 'warmUp');
  return job.kind === 'warmUp' ? warmUp : (warmUp ?? waiting.find((other) => other.kind === 'complete'));
}

function startNext(state: Admission): Step {
  if (state.running !== null) return unchanged(state);
  const startable = state.waiting.filter(
    (job) => state.modelReady || job.kind === 'model' || job.kind === 'logits',
  );
  const best = Math.min(...startable.map((job) => priority[job.kind]));
  const start = startable.find((job) => priority[job.kind] === best) ?? null;
  const waiting = state.waiting.filter((job) => job !== start);
  return { ...unchanged({ ...state, running: start, waiting }), start };
}

function unchanged(next: Admission): Step {
  return { next, start: null, stop: null, superseded: [], rejected: false };
}
