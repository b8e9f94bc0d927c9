import type { Role } from '../protocol/engine.ts';
import { GemmaError, toGemmaError } from '../protocol/errors.ts';
import { arrive, emptyAdmission, finish, needsModel, setReady, withdraw } from './admission.ts';
import type { Admission, Job, JobKind, Step } from './admission.ts';
import { CancelFlag } from './engine/cancelFlag.ts';

export interface JobRequest<T> {
  readonly kind: JobKind;
  /** See Job; absent: null. */
  readonly role?: Role;
  readonly document?: string;
  run(cancel: CancelFlag): Promise<T>;
}

/**
 * Jobs that step often look at their flag; counting is over before it could; loading, logits and measuring may sit in one
 * long call of ONNX Runtime, a snapshot in one of the disk, and are never interrupted by force.
 */
const mustObey: Record<JobKind, boolean> = {
  complete: true,
  warmUp: true,
  count: false,
  edit: true,
  chat: true,
  snapshot: false,
  load: false,
  unload: false,
  probe: false,
  trim: false,
  logits: false,
  measure: false,
};

interface Entry {
  readonly job: Job;
  readonly cancel: CancelFlag;
  run(): Promise<void>;
  fail(error: GemmaError): void;
}

/** Runs the admitted jobs and answers every one exactly once. */
export class Jobs {
  readonly #entries = new Map<number, Entry>();
  readonly #obeyMs: number;
  readonly #onDisobedience: () => void;
  #admission: Admission = emptyAdmission;
  #ids = 0;
  /** When the engine last looked after models, by `performance.now()`. */
  #loadedAt = -Infinity;

  /**
   * @param obeyMs how long a job may go on after its flag was raised
   * @param onDisobedience it did not stop: its thread is beyond reach
   */
  constructor(obeyMs: number, onDisobedience: () => void) {
    this.#obeyMs = obeyMs;
    this.#onDisobedience = onDisobedience;
  }

  get running(): number {
    return this.#admission.running.length;
  }

  get waiting(): number {
    return this.#admission.waiting.length;
  }

  setReady(role: Role, isReady: boolean): void {
    this.#apply(setReady(this.#admission, role, isReady));
  }

  /** Whether something runs on the role's model. */
  runsOn(role: Role): boolean {
    return this.#admission.running.some((job) => job.role === role && needsModel(job));
  }

  /** Whether something waits for the role's model. */
  waitsFor(role: Role): boolean {
    return this.#admission.waiting.some((job) => job.role === role && needsModel(job));
  }

  /** @throws GemmaError `superseded`, `cancelled` (when `signal` aborts), or what `run` throws */
  submit<T>(request: JobRequest<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted === true) return Promise.reject(cancelled());
    return new Promise((resolve, reject) => {
      const { kind, role = null, document = null } = request;
      const job: Job = { id: ++this.#ids, kind, role, document };
      const cancel = new CancelFlag();
      const onAbort = (): void => this.#withdraw(job.id);
      const settle = (): void => {
        this.#entries.delete(job.id);
        signal?.removeEventListener('abort', onAbort);
      };
      const fail = (error: GemmaError): void => {
        settle();
        reject(error);
      };
      const run = (): Promise<void> =>
        request.run(cancel).then(
          (result) => {
            settle();
            resolve(result);
          },
          (error: unknown) => fail(toGemmaError(error)),
        );
      this.#entries.set(job.id, { job, cancel, run, fail });
      signal?.addEventListener('abort', onAbort, { once: true });
      const step = arrive(this.#admission, job);
      this.#apply(step);
      if (step.rejected)
        fail(new GemmaError('bad-input', 'Too many requests wait already; ask again later.'));
    });
  }

  /** Fails the jobs that wait for the role's model, because none will come. */
  failWaitingFor(role: Role, error: GemmaError): void {
    for (const job of this.#admission.waiting) {
      if (job.role !== role || !needsModel(job)) continue;
      this.#apply(withdraw(this.#admission, job.id));
      this.#entries.get(job.id)?.fail(error);
    }
  }

  #withdraw(id: number): void {
    const isRunning = this.#admission.running.some((job) => job.id === id);
    this.#apply(withdraw(this.#admission, id));
    if (!isRunning) this.#entries.get(id)?.fail(cancelled());
  }

  #apply(step: Step): void {
    this.#admission = step.next;
    for (const job of step.superseded) {
      this.#entries.get(job.id)?.fail(new GemmaError('superseded', 'A newer request replaced this one.'));
    }
    for (const job of step.stop) this.#stop(job);
    for (const job of step.start) {
      void this.#entries
        .get(job.id)
        ?.run()
        .then(() => {
          if (!needsModel(job)) this.#loadedAt = performance.now();
          this.#apply(finish(this.#admission, job.id));
        });
    }
  }

  #stop(job: Job): void {
    const entry = this.#entries.get(job.id);
    if (entry === undefined || entry.cancel.cancelled) return;
    entry.cancel.cancel();
    if (mustObey[job.kind]) this.#watch(job.id, this.#obeyMs);
  }

  /** The engine has no thread for others while it loads: that time doesn't count. */
  #watch(id: number, ms: number): void {
    setTimeout(() => {
      if (!this.#entries.has(id)) return;
      const isLoading = this.#admission.running.some((job) => !needsModel(job));
      const more = isLoading ? this.#obeyMs : this.#obeyMs - (performance.now() - this.#loadedAt);
      if (more > 0) this.#watch(id, more);
      else this.#onDisobedience();
    }, ms).unref();
  }
}

function cancelled(): GemmaError {
  return new GemmaError('cancelled', 'The request was cancelled.');
}
