import type { Role } from '../protocol/engine.ts';

/** What the engine can be asked to do; each is one job. */
export type JobKind =
  | 'complete'
  | 'count'
  | 'edit'
  | 'chat'
  | 'warmUp'
  | 'snapshot'
  /** Puts another model, or the same anew, in the place of a role's. */
  | 'load'
  /** Gives a role's model back. */
  | 'unload'
  | 'probe'
  /** Ends keys and values that nobody uses now. */
  | 'trim'
  | 'logits'
  /** Looks at the machine, with no model but one of its own. */
  | 'measure';

export interface Job {
  readonly id: number;
  readonly kind: JobKind;
  /** Whose model it needs or changes; null: none. */
  readonly role: Role | null;
  /** Completions and warm-ups of one document of one client replace each other, and snapshots; null: never replaced. */
  readonly document: string | null;
}

/** Which jobs are with the engine and which wait, in the order of arrival. */
export interface Admission {
  /**
   * At most one that a person waits for at the cursor, one count, one edit, one chat, one snapshot, one about models: the
   * engine lets them take turns.
   */
  readonly running: readonly Job[];
  readonly waiting: readonly Job[];
  /** Whose model is loaded: a job that needs one starts only then. */
  readonly ready: ReadonlySet<Role>;
}

/** The next state and what to do about the jobs that changed. */
export interface Step {
  readonly next: Admission;
  /** Give these to the engine. */
  readonly start: readonly Job[];
  /** Ask these running ones to stop; they keep their place until they have. */
  readonly stop: readonly Job[];
  /** Answer these `superseded`. */
  readonly superseded: readonly Job[];
  /** The arriving job itself has no place. */
  readonly rejected: boolean;
}

/** More than any number of windows asks for at once; beyond it something is wrong. */
const MAX_WAITING = 64;

/** Lower runs first. */
const priority: Record<JobKind, number> = {
  complete: 0,
  count: 0,
  load: 1,
  unload: 1,
  probe: 1,
  trim: 1,
  logits: 1,
  warmUp: 2,
  edit: 3,
  chat: 3,
  snapshot: 4,
  measure: 5,
};

/**
 * Jobs of one lane run one after the other. The one that is exclusive runs when nothing else does but measuring, which
 * uses no model but its own.
 */
const lane: Record<
  JobKind,
  'cursor' | 'count' | 'edit' | 'chat' | 'disk' | 'models' | 'exclusive' | 'measure'
> = {
  complete: 'cursor',
  warmUp: 'cursor',
  count: 'count',
  edit: 'edit',
  chat: 'chat',
  snapshot: 'disk',
  load: 'models',
  unload: 'models',
  probe: 'models',
  trim: 'models',
  logits: 'exclusive',
  measure: 'measure',
};

export const emptyAdmission: Admission = { running: [], waiting: [], ready: new Set() };

/** Whether the job needs a model that is loaded. */
export function needsModel({ kind }: Pick<Job, 'kind'>): boolean {
  return !['models', 'exclusive', 'measure'].includes(lane[kind]);
}

/**
 * A newer completion replaces the waiting one of its document, and interrupts a warm-up, whose cache stays. Loading a
 * model ends what runs for the one before; giving one back waits for what runs. Nothing waits for a role that is not its
 * own. In a full queue the oldest warm-up or else the oldest completion makes room.
 */
export function arrive(state: Admission, job: Job): Step {
  const replaced = state.waiting.filter((other) => replaces(job, other));
  let waiting = state.waiting.filter((other) => !replaced.includes(other));
  const evicted = waiting.length < MAX_WAITING ? undefined : evictable(waiting, job);
  if (waiting.length >= MAX_WAITING && evicted === undefined) {
    return { ...unchanged({ ...state, waiting }), superseded: replaced, rejected: true };
  }
  waiting = [...waiting.filter((other) => other !== evicted), job];
  const stop = state.running.filter((other) => interrupts(job, other));
  const superseded = evicted === undefined ? replaced : [...replaced, evicted];
  return { ...startNext({ ...state, waiting }), stop, superseded };
}

/** A running job has let go of the engine. */
export function finish(state: Admission, id: number): Step {
  return startNext({ ...state, running: state.running.filter((job) => job.id !== id) });
}

/** The caller no longer wants the job: a waiting one leaves, a running one is asked to stop. */
export function withdraw(state: Admission, id: number): Step {
  const waiting = state.waiting.filter((job) => job.id !== id);
  const stop = state.running.filter((job) => job.id === id);
  return { ...startNext({ ...state, waiting }), stop };
}

/** A role's model was loaded or unloaded. */
export function setReady(state: Admission, role: Role, isReady: boolean): Step {
  const ready = new Set(state.ready);
  if (isReady) ready.add(role);
  else ready.delete(role);
  return startNext({ ...state, ready });
}

function interrupts(job: Job, running: Job): boolean {
  if (job.kind === 'complete') return running.kind === 'warmUp';
  if (running.role !== job.role) return false;
  if (job.kind === 'unload') return running.kind === 'snapshot';
  return job.kind === 'load' && ['chat', 'edit', 'snapshot'].includes(running.kind);
}

function replaces(job: Job, other: Job): boolean {
  if (job.document === null || other.document !== job.document) return false;
  return other.kind === 'warmUp' || other.kind === job.kind;
}

function evictable(waiting: readonly Job[], job: Job): Job | undefined {
  const warmUp = waiting.find((other) => other.kind === 'warmUp');
  return job.kind === 'warmUp' ? warmUp : (warmUp ?? waiting.find((other) => other.kind === 'complete'));
}

function startNext(state: Admission): Step {
  const start: Job[] = [];
  for (;;) {
    const running = [...state.running, ...start];
    const next = mostUrgent(
      state.waiting.filter((job) => !start.includes(job) && canStart(state, running, job)),
    );
    if (next === null) {
      const waiting = state.waiting.filter((job) => !start.includes(job));
      return { ...unchanged({ ...state, running, waiting }), start };
    }
    start.push(next);
  }
}

function canStart({ ready, waiting }: Admission, running: readonly Job[], job: Job): boolean {
  if (job.kind === 'measure') return running.every(({ kind }) => kind !== 'measure');
  if (lane[job.kind] === 'exclusive') return running.every(({ kind }) => kind === 'measure');
  const isFree = running.every(({ kind }) => lane[kind] !== lane[job.kind] && lane[kind] !== 'exclusive');
  if (!isFree || running.some((other) => excludes(other, job) || excludes(job, other))) return false;
  if (job.role === null || !needsModel(job)) return true;
  // Whoever comes after a load wants the model that is loaded then.
  const isAhead =
    job.kind === 'complete' || waiting.every((other) => !excludes(other, job) || other.id > job.id);
  return ready.has(job.role) && isAhead;
}

/** A model isn't used while it changes. */
function excludes(job: Job, other: Job): boolean {
  return (job.kind === 'load' || job.kind === 'unload') && job.role === other.role;
}

function mostUrgent(jobs: readonly Job[]): Job | null {
  const best = Math.min(...jobs.map((job) => priority[job.kind]));
  return jobs.find((job) => priority[job.kind] === best) ?? null;
}

function unchanged(next: Admission): Step {
  return { next, start: [], stop: [], superseded: [], rejected: false };
}
